/** What is pinned to a room. */
import type { Entry } from "./entry.ts";

/** The most messages that are pinned to a room at a time. */
export const MAX_PINS = 20;

/** A room's pinned messages, and the entry that pinned or unpinned the last of them. */
export interface Pins {
  readonly id: string;
  readonly seq: string;
  /** The ids of the messages, the one that was pinned last at the end. */
  readonly messages: readonly string[];
}

/** Nothing is pinned, and nothing ever was. */
export const NO_PINS: Pins = { id: "", seq: "", messages: [] };

/** What is pinned after these entries. */
export function pinsAfter(pins: Pins, entries: readonly Entry[]): Pins {
  return entries.reduce(after, pins);
}

function after(pins: Pins, { id, seq, entry, message_id }: Entry): Pins {
  const isPinned = pins.messages.includes(message_id);
  switch (entry) {
    case "pinned":
      if (isPinned || pins.messages.length >= MAX_PINS) return pins;
      return { id, seq, messages: [...pins.messages, message_id] };
    case "unpinned":
    case "deleted":
      if (!isPinned) return pins;
      return { id, seq, messages: pins.messages.filter((other) => other !== message_id) };
    default:
      return pins;
  }
}
