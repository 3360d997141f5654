import { HUE_STEP, hueOf, HUES, paintAvatar } from "./person.js";
import { openStorage } from "./storage.js";

/** @import { Store } from "./storage.js" */

const PREFIX = "talksheet:colors:";
/** More people than colours are kept, so that somebody who returns after a while has the same colour. */
const MAX_KEPT = 60;

/**
 * The colours of the people in one room. No two of the 15 shown last have the same one. They are kept in the browser.
 */
export class PersonColors {
  #storage;
  #key;
  /** Hues by person, the most recently shown last. @type {Map<string, number>} */
  #hues;

  /** @param {Store} storage @param {string} room */
  constructor(storage, room) {
    this.#storage = storage;
    this.#key = PREFIX + room;
    this.#hues = new Map(storedIn(storage.getItem(this.#key)));
  }

  /** @param {string} person unique in the room @returns {number} degrees, 0–359 */
  hueOf(person) {
    const known = this.#hues.get(person);
    const hue = known ?? this.#freeHue(hueOf(person));
    this.#hues.delete(person);
    this.#hues.set(person, hue);
    if (known === undefined) this.#keep();
    return hue;
  }

  /**
   * The wanted hue if none of the last 14 people has it, otherwise the one furthest from all of theirs.
   * @param {number} wanted
   * @returns {number}
   */
  #freeHue(wanted) {
    const taken = [...this.#hues.values()].slice(1 - HUES);
    if (!taken.includes(wanted)) return wanted;
    const hues = Array.from({ length: HUES }, (_, i) => (wanted + i * HUE_STEP) % 360);
    const gap = (/** @type {number} */ hue) => Math.min(...taken.map((other) => distance(hue, other)));
    return hues.reduce((best, hue) => gap(hue) > gap(best) ? hue : best);
  }

  #keep() {
    const [oldest] = this.#hues.keys();
    if (this.#hues.size > MAX_KEPT) this.#hues.delete(oldest);
    this.#storage.setItem(this.#key, JSON.stringify([...this.#hues]));
  }
}

/** @type {PersonColors | undefined} */
let ofPage;

/**
 * Fills the avatar of a person in the room of this page.
 * @param {HTMLElement} element
 * @param {string} name
 * @param {string} [person] unique in the room, unlike names
 * @returns {void}
 */
export function paintPerson(element, name, person = name) {
  ofPage ??= new PersonColors(openStorage(), document.body.dataset.room ?? "");
  paintAvatar(element, name, ofPage.hueOf(person));
}

/** @param {number} a @param {number} b @returns {number} degrees, 0–180 */
function distance(a, b) {
  const apart = Math.abs(a - b);
  return Math.min(apart, 360 - apart);
}

/** @param {string | null} text @returns {[string, number][]} the valid entries */
function storedIn(text) {
  try {
    const pairs = JSON.parse(text ?? "[]");
    return pairs.filter((/** @type {unknown} */ pair) =>
      Array.isArray(pair) && typeof pair[0] === "string" && Number.isInteger(pair[1] / HUE_STEP)
    ).slice(-MAX_KEPT);
  } catch {
    return [];
  }
}
