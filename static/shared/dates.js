/** How pages write and compare dates: every page in the same way. */

/** ULIDs begin with their time: ten digits of Crockford's base 32 (https://github.com/ulid/spec). */
const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_LENGTH = 10;
const ID_LENGTH = 26;
const DAY_MS = 24 * 60 * 60_000;
/** Timers stand still while a computer sleeps, so a timer set for midnight may be late: the date is compared every minute. */
const CHECK_EVERY_MS = 60_000;

/** A day and a time, as in lists. @param {string} language @returns {Intl.DateTimeFormat} */
export function dateAndTimeFormat(language) {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
}

/** When an id was made. @param {string} id a ULID, in capitals @returns {number} milliseconds since the epoch */
export function timeOfId(id) {
  let ms = 0;
  for (const digit of id.slice(0, TIME_LENGTH)) ms = ms * DIGITS.length + DIGITS.indexOf(digit);
  return ms;
}

/**
 * An id that sorts before all that were made on a day of the visitor's calendar, and after all that were made earlier.
 * @param {string} day `YYYY-MM-DD`
 * @returns {string}
 */
export function dayStartId(day) {
  let ms = new Date(`${day}T00:00`).getTime();
  let id = "0".repeat(ID_LENGTH - TIME_LENGTH);
  for (let digit = 0; digit < TIME_LENGTH; digit++) {
    id = DIGITS[ms % DIGITS.length] + id;
    ms = Math.floor(ms / DIGITS.length);
  }
  return id;
}

/** The visitor's calendar day, as a number to compare. @param {number} at milliseconds since the epoch @returns {number} */
export function dayOf(at) {
  const date = new Date(at);
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY_MS);
}

/** Whether it is the visitor's today. @param {number} at milliseconds since the epoch @returns {boolean} */
export function isToday(at) {
  return dayOf(at) === dayOf(Date.now());
}

/** Milliseconds to the visitor's next midnight, at most 25 hours. @param {number} at milliseconds since the epoch @returns {number} */
export function msToNextDay(at) {
  const date = new Date(at);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1).getTime() - at;
}

/**
 * Calls `act` when the visitor's calendar day has changed.
 * @param {() => void} act
 * @returns {() => void} stops it
 */
export function followDays(act) {
  let day = dayOf(Date.now());
  /** @type {number | undefined} */
  let timer;
  const check = () => {
    const now = Date.now();
    if (dayOf(now) !== day) {
      day = dayOf(now);
      act();
    }
    timer = setTimeout(check, Math.min(CHECK_EVERY_MS, msToNextDay(now)));
  };
  check();
  return () => clearTimeout(timer);
}

/** Writes times (milliseconds since the epoch) in the page's language and the visitor's time zone. */
export class TimeFormat {
  #words;
  #time;
  #day;
  #dayOfYear;
  #full;

  /** @param {import("./words.js").Words} words */
  constructor(words) {
    const { language } = words;
    this.#words = words;
    this.#time = new Intl.DateTimeFormat(language, {
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    this.#day = new Intl.DateTimeFormat(language, {
      month: "long",
      day: "numeric",
      weekday: "short",
    });
    this.#dayOfYear = new Intl.DateTimeFormat(language, {
      year: "numeric",
      month: "long",
      day: "numeric",
    });
    this.#full = new Intl.DateTimeFormat(language, {
      dateStyle: "long",
      timeStyle: "medium",
    });
  }

  /** `14:03` @param {number} at @returns {string} */
  time(at) {
    return this.#time.format(at);
  }

  /** Everything about a moment, for those who point at it. @param {number} at @returns {string} */
  full(at) {
    return this.#full.format(at);
  }

  /** Today, yesterday, or the date. @param {number} at @returns {string} */
  day(at) {
    const daysAgo = dayOf(Date.now()) - dayOf(at);
    if (daysAgo === 0) return this.#words.say("today");
    if (daysAgo === 1) return this.#words.say("yesterday");
    const isThisYear = new Date(at).getFullYear() === new Date().getFullYear();
    return (isThisYear ? this.#day : this.#dayOfYear).format(at);
  }

  /** The time where it is today, otherwise the day. @param {number} at @returns {string} */
  brief(at) {
    return isToday(at) ? this.time(at) : this.day(at);
  }
}
