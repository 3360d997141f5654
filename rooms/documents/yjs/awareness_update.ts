/**
 * Awareness updates, the wire format of y-protocols' awareness: client ids, clocks and JSON states
 * (https://github.com/yjs/y-protocols/blob/master/awareness.js).
 */
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { UpdateError } from "./update_check.ts";

/** UTF-16 code units of one state's JSON. */
export const MAX_STATE_LENGTH = 4_096;
/** States in one update: a provider also repeats the states of others. */
const MAX_STATES = 2_000;

/** Encodes states; `state` is JSON, or `undefined` for a client that has left. */
export function encodeStates(
  states: readonly { client: number; clock: number; state: string | undefined }[],
): Uint8Array<ArrayBuffer> {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, states.length);
  for (const { client, clock, state } of states) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, clock);
    encoding.writeVarString(encoder, state ?? "null");
  }
  return encoding.toUint8Array(encoder);
}

/**
 * The states in an update, whose JSON isn't parsed yet: most are repeated and will be ignored.
 *
 * @throws {UpdateError} when it can't be decoded
 */
export function decodeStates(update: Uint8Array): { client: number; clock: number; text: string }[] {
  try {
    const decoder = decoding.createDecoder(update);
    const count = decoding.readVarUint(decoder);
    if (count > MAX_STATES) throw new RangeError("Too many states");
    return Array.from({ length: count }, () => {
      const client = decoding.readVarUint(decoder);
      const clock = decoding.readVarUint(decoder);
      const text = decoding.readVarString(decoder);
      // No state can be longer, not even one that is repeated for somebody else.
      if (text.length > MAX_STATE_LENGTH) throw new RangeError("A state is too long");
      return { client, clock, text };
    });
  } catch (cause) {
    throw new UpdateError("An awareness update can't be decoded", { cause });
  }
}

/**
 * The state in a JSON text; `undefined`: has left.
 *
 * @throws {UpdateError} when it isn't JSON
 */
export function decodeState(text: string): Record<string, unknown> | undefined {
  try {
    const state: unknown = JSON.parse(text);
    return state === null ? undefined : objectIn(state);
  } catch (cause) {
    throw new UpdateError("An awareness state can't be parsed", { cause });
  }
}

/** The value if it is an object, or else an empty object. */
export function objectIn(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : {};
}
