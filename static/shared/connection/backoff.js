const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/**
 * How long to wait before the next try: doubling from 1 s to 30 s, then moved by up to a fifth either way so
 * that a room full of people doesn't return in the same instant.
 * @param {number} failures how many tries have failed since the last success, from 1
 * @param {() => number} random from 0 up to 1
 * @returns {number} milliseconds
 */
export function backoffMs(failures, random) {
  return jitteredMs(
    Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1)),
    random,
  );
}

/** @param {number} ms @param {() => number} random @returns {number} milliseconds */
export function jitteredMs(ms, random) {
  return Math.round(ms * (0.8 + 0.4 * random()));
}
