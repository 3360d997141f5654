/**
 * Slows down who guesses passwords: after some failures with one name, or from one address, each further one makes
 * the next wait twice as long.
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

/** Whoever knows a name can make its owner wait, so not for long. */
const BY_NAME: Rule = { free: 5, mostMs: 5 * 60 * 1000 };
/** Many people may share an address. */
const BY_ADDRESS: Rule = { free: 20, mostMs: 60 * 60 * 1000 };
const FIRST_WAIT_MS = 1_000;
/** Failures are forgotten when none was added for so long. */
const FORGET_MS = 60 * 60 * 1000;
/** Records kept of names, and of addresses; the oldest go. */
const MOST_RECORDS = 10_000;

export class Attempts {
  readonly #now: () => number;
  readonly #names = new Map<string, Record>();
  readonly #addresses = new Map<string, Record>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Begins an attempt: 0 when it may be made, else how many milliseconds to wait. The name is a folded one. */
  begin(name: string, address: string): number {
    const now = this.#now();
    const byName = recordOf(this.#names, name, now);
    const byAddress = recordOf(this.#addresses, address, now);
    const waitMs = Math.max(byName.waitUntil, byAddress.waitUntil) - now;
    if (waitMs > 0) return waitMs;
    fail(byName, BY_NAME, now);
    fail(byAddress, BY_ADDRESS, now);
    return 0;
  }

  /** The attempt succeeded. */
  succeed(name: string, address: string): void {
    this.#names.delete(name);
    const byAddress = this.#addresses.get(address);
    // Only this one is forgiven: else one's own account would be a way to guess others' passwords.
    if (byAddress && byAddress.failures > 0) {
      byAddress.failures--;
      byAddress.waitUntil = this.#now();
    }
  }
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
