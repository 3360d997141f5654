/** Clocks of machines that give ids differ by less than this; as in the server's `rooms/archive.ts`. */
const CLOCKS_DIFFER_MS = 60_000;
const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/**
 * What to do next to find a message: it stands, older ones may hold it, or it is gone.
 * @param {string} id
 * @param {{ isThere: boolean, oldest: string | undefined, hasOlder: boolean }} list `oldest`: the id of the first message
 * @returns {"found" | "older" | "gone"}
 */
export function searchStep(id, { isThere, oldest, hasOlder }) {
  if (isThere) return "found";
  if (!hasOlder || !oldest) return "gone";
  return timeOf(oldest) < timeOf(id) - CLOCKS_DIFFER_MS ? "gone" : "older";
}

/** When a ULID was made, in milliseconds since the epoch. @param {string} id @returns {number} */
function timeOf(id) {
  return [...id.slice(0, 10).toUpperCase()].reduce((time, digit) => time * 32 + DIGITS.indexOf(digit), 0);
}
