/**
 * Slows down people who guess passwords. Failures are counted for each name at each address, for each name alone, and
 * for each address alone. Above a limit each further failure doubles the time until the next attempt.
 *
 * A school class shares an address, and everybody who knows a name can fail with it on purpose. So a browser that has
 * signed in under the name before waits for its own failures only.
 *
 * An attempt counts as a failure when it begins, so that a thousand at once are no better than one after the other; a
 * success takes this back. During the wait even the right password is refused, so that the answer reveals nothing.
 */

interface Rule {
  /** Failures without a wait. */
  readonly free: number;
  /** The longest wait. */
  readonly mostMs: number;
}

interface Record {
  failures: number;
  waitUntil: number;
}

const BY_NAME_AND_ORIGIN: Rule = { free: 5, mostMs: 5 * 60 * 1000 };
/** Against guesses from many addresses. */
const BY_NAME: Rule = { free: 50, mostMs: 5 * 60 * 1000 };
/** Against one password with many names; high, because many people who mistype share an address. */
const BY_ADDRESS: Rule = { free: 200, mostMs: 5 * 60 * 1000 };
const FIRST_WAIT_MS = 1_000;
/** Failures are forgotten an hour after the last wait. */
const FORGET_MS = 60 * 60 * 1000;
/** Records of each kind in memory; the oldest are dropped. */
const MAX_RECORDS = 10_000;

/** Decides which attempts to sign in may be made. */
export class SignInThrottle {
  readonly #now: () => number;
  readonly #origins = new Map<string, Record>();
  readonly #names = new Map<string, Record>();
  readonly #addresses = new Map<string, Record>();

  /** `now` is in milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Begins an attempt: returns 0 when it may be made, else the milliseconds to wait. The name is folded; `browser` is the
   * id of a browser that has signed in under it before.
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
    this.#origins.delete(originOf(name, address, browser));
    if (browser !== undefined) return;
    this.#names.delete(name);
    const byAddress = this.#addresses.get(address);
    // Only this attempt is taken back: otherwise signing in to an own account would allow further guesses at others.
    if (byAddress && byAddress.failures > 0) {
      byAddress.failures--;
      byAddress.waitUntil = this.#now();
    }
  }

  #recordsOf(name: string, address: string, browser: string | undefined, now: number): [Record, Rule][] {
    const origin = recordOf(this.#origins, originOf(name, address, browser), now);
    if (browser !== undefined) return [[origin, BY_NAME_AND_ORIGIN]];
    return [
      [origin, BY_NAME_AND_ORIGIN],
      [recordOf(this.#names, name, now), BY_NAME],
      [recordOf(this.#addresses, address, now), BY_ADDRESS],
    ];
  }
}

/** Where a name is tried: in a browser that has signed in under it before, or at an address. */
function originOf(name: string, address: string, browser: string | undefined): string {
  return `${name}\n${browser === undefined ? address : `browser ${browser}`}`;
}

/** The record of a key, made if necessary; it becomes the newest. */
function recordOf(records: Map<string, Record>, key: string, now: number): Record {
  let record = records.get(key);
  if (!record || record.waitUntil + FORGET_MS < now) record = { failures: 0, waitUntil: now };
  records.delete(key);
  records.set(key, record);
  const [oldest] = records.keys();
  if (records.size > MAX_RECORDS) records.delete(oldest);
  return record;
}

function fail(record: Record, { free, mostMs }: Rule, now: number): void {
  const surplus = ++record.failures - free;
  record.waitUntil = now + (surplus > 0 ? Math.min(FIRST_WAIT_MS * 2 ** (surplus - 1), mostMs) : 0);
}
