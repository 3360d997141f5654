/** Decides whether somebody may say something in a room now: mutes, slow mode, blocked words. */
import { FrameError, type WritingFrame } from "../../protocol.ts";
import type { RoomPermissions } from "../room_permissions.ts";
import { hasBlockedWord } from "./blocked_words.ts";

/** Somebody who may not speak in a room for some time. */
export interface Mute {
  /** The id in the room's frames, see `person_ids.ts`. */
  readonly person: string;
  readonly name: string;
  /** In milliseconds since the epoch. */
  readonly until: number;
}

/** The person who says something, and when. */
export interface Speaker {
  readonly person: string;
  /** When slow mode lets this person speak again; times are in milliseconds since the epoch. */
  readonly mayAt: number;
  readonly now: number;
}

/** The most people of a room who are muted at the same time. */
export const MAX_MUTES = 200;

/** Whether a room has any rule about what is said in it. */
export function hasSpeechRules(
  { mutes, blockedWords, needsApproval, slowModeSeconds }: RoomPermissions,
): boolean {
  return Boolean(mutes?.length || blockedWords?.length || needsApproval || slowModeSeconds);
}

/** Why somebody who doesn't moderate the room may not say this; `undefined` when it may be said. */
export function speechRefusal(
  { mutes = [], blockedWords = [], needsApproval }: RoomPermissions,
  frame: WritingFrame,
  { person, mayAt, now }: Speaker,
): FrameError | undefined {
  const clientId = frame.client_id;
  const muted = muteRefusal(mutes, { person, now }, clientId);
  if (muted) return muted;
  if (frame.type !== "chat_message" && frame.type !== "edit_message") return undefined;
  const alts = frame.type === "chat_message" ? frame.files?.map(({ alt = "" }) => alt) ?? [] : [];
  if ([frame.message, ...alts].some((text) => hasBlockedWord(text, blockedWords))) {
    return new FrameError("blocked_word", "This message has a word that is blocked in this room", {
      clientId,
    });
  }
  if (frame.type === "edit_message") {
    const sentence = "Messages are approved in this room: delete this one, and write it again";
    return needsApproval ? new FrameError("not_allowed", sentence, { clientId }) : undefined;
  }
  if (mayAt <= now) return undefined;
  return new FrameError("slow_mode", "This room is in slow mode", { clientId, retryAfterMs: mayAt - now });
}

/** Why somebody who doesn't moderate the room may not give a file this name; `undefined` when they may. */
export function fileNameRefusal(
  { blockedWords = [] }: RoomPermissions,
  name: string,
): FrameError | undefined {
  if (!hasBlockedWord(name, blockedWords)) return undefined;
  return new FrameError("blocked_word", "The file's name has a word that is blocked in this room");
}

/** Why somebody who doesn't moderate the room may not send files there; `undefined` when they may. */
export function fileRefusal(
  { mutes = [], needsApproval }: RoomPermissions,
  by: Omit<Speaker, "mayAt">,
  clientId?: string,
): FrameError | undefined {
  if (!needsApproval) return muteRefusal(mutes, by, clientId);
  return new FrameError("file_refused", "In a room with approval only hosts send files", { clientId });
}

function muteRefusal(
  mutes: readonly Mute[],
  { person, now }: Omit<Speaker, "mayAt">,
  clientId: string | undefined,
): FrameError | undefined {
  const mute = mutes.find((mute) => mute.person === person);
  if (!mute || mute.until <= now) return undefined;
  return new FrameError("muted", "You are muted in this room", { clientId, retryAfterMs: mute.until - now });
}
