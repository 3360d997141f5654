const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/**
 * The wait before the next attempt: from 1 s, doubled with each failure, up to 30 s, then varied by up to 20 % so that
 * everybody in a room doesn't return at the same moment.
 * @param {number} failures attempts that failed since the last success, from 1
 * @param {() => number} random from 0 up to 1
 * @returns {number} milliseconds
 */
export function backoffMs(failures, random) {
  return jitteredMs(
    Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1)),
    random,
  );
}

/** Varies a time by up to 20 %. @param {number} ms @param {() => number} random from 0 up to 1 @returns {number} milliseconds */
export function jitteredMs(ms, random) {
  return Math.round(ms * (0.8 + 0.4 * random()));
}
