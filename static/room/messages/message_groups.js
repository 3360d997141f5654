const GROUP_MS = 5 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

/**
 * Who said something, and when (milliseconds since the epoch).
 * @typedef {{ username: string, person?: string, at: number, isOwn: boolean }} Said
 */

/** The visitor's calendar day, as a number to compare. @param {number} at @returns {number} */
export function dayOf(at) {
  const date = new Date(at);
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY_MS);
}

/** How long the visitor's calendar day still lasts, at most 25 hours. @param {number} at @returns {number} */
export function msToNextDay(at) {
  const date = new Date(at);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1).getTime() - at;
}

/**
 * Whether a message stands under its own name and not in the group of the one before it.
 * @param {Said | undefined} previous
 * @param {Said} said
 * @returns {boolean}
 */
export function startsGroup(previous, said) {
  return !previous || previous.username !== said.username || previous.person !== said.person ||
    previous.isOwn !== said.isOwn ||
    said.at - previous.at > GROUP_MS || dayOf(previous.at) !== dayOf(said.at);
}

/** Words and numbers for moments, in the visitor's time zone. */
export class Clock {
  #words;
  #time;
  #day;
  #dayOfYear;
  #full;

  /** @param {import("../../shared/words.js").Words} words */
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

  /** The time of today, else the day: short enough for a list. @param {number} at @returns {string} */
  brief(at) {
    return dayOf(at) === dayOf(Date.now()) ? this.time(at) : this.day(at);
  }
}
