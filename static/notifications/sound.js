/** A soft sound, off by default. Which messages make it is chosen in the settings, for each browser. */
import { openStorage } from "../shared/storage.js";

/** @typedef {"off" | "mentions" | "all"} SoundChoice */

const KEY = "talksheet:sound";
/** Tones of the sound for a message, and of that for a mention: Hz. */
const TONES = { message: [660], mention: [660, 880] };
const TONE_SECONDS = 0.16;
/** Quieter than speech. */
const LOUDNESS = 0.08;
/** Of several tabs one makes the sound, and not for each of many messages. */
const PAUSE_MS = 2_000;

/** @type {AudioContext | undefined} */
let audio;

/** @returns {SoundChoice} */
export function chosenSound() {
  const choice = openStorage().getItem(KEY);
  return choice === "mentions" || choice === "all" ? choice : "off";
}

/** @param {string} choice @returns {void} */
export function chooseSound(choice) {
  openStorage().setItem(KEY, choice);
}

/**
 * Makes the sound, unless another tab has just made one.
 * @param {"message" | "mention"} what
 * @returns {Promise<void>}
 */
export async function playSound(what) {
  const choice = chosenSound();
  if (choice === "off" || (what === "message" && choice !== "all") || !navigator.locks) return;
  await navigator.locks.request("talksheet:sound", { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    play(TONES[what]);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  });
}

/** @param {readonly number[]} tones */
function play(tones) {
  audio ??= new AudioContext();
  // Browsers are silent until somebody has clicked in the page.
  audio.resume().catch(() => {});
  for (const [i, frequency] of tones.entries()) {
    const start = audio.currentTime + i * TONE_SECONDS;
    const volume = new GainNode(audio, { gain: 0 });
    volume.gain.setValueAtTime(LOUDNESS, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + TONE_SECONDS);
    const tone = new OscillatorNode(audio, { frequency });
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + TONE_SECONDS);
  }
}
