import { dayOf, msToNextDay } from "./message_groups.js";

/** The clock of a computer that sleeps goes on while its timers stand still, so the day is looked at now and then. */
const LOOK_EVERY_MS = 60_000;

/**
 * Calls `act` when the visitor's calendar day has changed.
 * @param {() => void} act
 * @returns {() => void} stops it
 */
export function followDays(act) {
  let day = dayOf(Date.now());
  /** @type {number | undefined} */
  let timer;
  const look = () => {
    const now = Date.now();
    if (dayOf(now) !== day) {
      day = dayOf(now);
      act();
    }
    timer = setTimeout(look, Math.min(LOOK_EVERY_MS, msToNextDay(now)));
  };
  look();
  return () => clearTimeout(timer);
}
