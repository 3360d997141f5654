/**
 * The codes with which the server closes a socket, as far as pages act on them; the same numbers as `CLOSE` in
 * `rooms/protocol.ts` and in `rooms/documents/sync_participant.ts`.
 */
export const CLOSE = Object.freeze({
  malformed: 1007,
  frameTooLarge: 1009,
  notSignedIn: 4001,
  notAllowed: 4003,
  tooMany: 4008,
});

/**
 * Whether a refusal may end without the visitor doing anything: the room is closed, or private, and either may change. A
 * person who was removed from a room doesn't return automatically.
 * @param {string} reason the server's close reason
 * @returns {boolean}
 */
export function mayBeLifted(reason) {
  return /room is (?:closed|private)/.test(reason);
}

/** The wait that a close reason asks for, in milliseconds; 0 where it asks for none. @param {string} reason */
export function askedWaitMs(reason) {
  return Number(/retry_after_ms\D*(\d+)/.exec(reason)?.[1] ?? 0);
}
