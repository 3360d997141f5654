/**
 * Slows down who guesses passwords: after some failures with one name from one address, each further one makes the next
 * wait twice as long; so do many with one name from wherever, and very many from one address, whatever the name.
 *
 * A class shares an address, and whoever knows a name can fail with it on purpose. So a browser that has signed in under
 * the name before waits for its own failures alone.
 *
 * An attempt counts from its beginning, so that a thousand at once are no better than one after the other; one that
 * succeeds is forgotten. While somebody has to wait even the right password isn't tried, so that the wait says nothing.
 */

interface Rule {
  /** Failures that cost nothing. */
  readonly free: number;
  readonly mostMs: number;
}

interface Record {
  failures: number;
  waitUntil: number;
}

const BY_NAME_AND_PLACE: Rule = { free: 5, mostMs: 5 * 60 * 1000 };
/** Guesses from many addresses. */
const BY_NAME: Rule = { free: 50, mostMs: 5 * 60 * 1000 };
/** One password tried with many names; many people who err share an address. */
const BY_ADDRESS: Rule = { free: 200, mostMs: 5 * 60 * 1000 };
const FIRST_WAIT_MS = 1_000;
/** Failures are forgotten when none was added for so long. */
const FORGET_MS = 60 * 60 * 1000;
/** Records kept of each kind; the oldest go. */
const MOST_RECORDS = 10_000;

export class SignInThrottle {
  readonly #now: () => number;
  readonly #places = new Map<string, Record>();
  readonly #names = new Map<string, Record>();
  readonly #addresses = new Map<string, Record>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Begins an attempt: 0 when it may be made, else how many milliseconds to wait. The name is a folded one; `browser` is one
   * that has signed in under it before.
   */
  begin(name: string, address: string, browser?: string): number {
    const now = this.#now();
    const records = this.#recordsOf(name, address, browser, now);
    const waitMs = Math.max(...records.map(([{ waitUntil }]) => waitUntil)) - now;
    if (waitMs > 0) return waitMs;
    for (const [record, rule] of records) fail(record, rule, now);
    return 0;
  }

  /** The attempt succeeded. */
  succeed(name: string, address: string, browser?: string): void {
    this.#places.delete(placeOf(name, address, browser));
    if (browser !== undefined) return;
    this.#names.delete(name);
    const byAddress = this.#addresses.get(address);
    // Only this one is forgiven: else one's own account would be a way to guess others' passwords.
    if (byAddress && byAddress.failures > 0) {
      byAddress.failures--;
      byAddress.waitUntil = this.#now();
    }
  }

  #recordsOf(name: string, address: string, browser: string | undefined, now: number): [Record, Rule][] {
    const place = recordOf(this.#places, placeOf(name, address, browser), now);
    if (browser !== undefined) return [[place, BY_NAME_AND_PLACE]];
    return [
      [place, BY_NAME_AND_PLACE],
      [recordOf(this.#names, name, now), BY_NAME],
      [recordOf(this.#addresses, address, now), BY_ADDRESS],
    ];
  }
}

/** Where somebody tries a name: with a browser that is known for it, or at an address. */
function placeOf(name: string, address: string, browser: string | undefined): string {
  return `${name}\n${browser === undefined ? address : `browser ${browser}`}`;
}

/** The record, which is the newest one now. */
function recordOf(records: Map<string, Record>, key: string, now: number): Record {
  let record = records.get(key);
  if (!record || record.waitUntil + FORGET_MS < now) record = { failures: 0, waitUntil: now };
  records.delete(key);
  records.set(key, record);
  const [oldest] = records.keys();
  if (records.size > MOST_RECORDS) records.delete(oldest);
  return record;
}

function fail(record: Record, { free, mostMs }: Rule, now: number): void {
  const surplus = ++record.failures - free;
  record.waitUntil = now + (surplus > 0 ? Math.min(FIRST_WAIT_MS * 2 ** (surplus - 1), mostMs) : 0);
}
