/** How pages write days and times: one way on all of them. */

/** ULIDs begin with their time: ten digits of Crockford's base 32 (https://github.com/ulid/spec). */
const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_LENGTH = 10;

/** @param {string} language @returns {Intl.DateTimeFormat} */
export function momentFormat(language) {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
}

/** When an id was made. @param {string} id a ULID @returns {Date} */
export function timeOfId(id) {
  let ms = 0;
  for (const digit of id.slice(0, TIME_LENGTH)) ms = ms * DIGITS.length + DIGITS.indexOf(digit);
  return new Date(ms);
}
