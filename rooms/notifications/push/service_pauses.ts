/**
 * Which push services are left alone for a while, because one try after the other has failed there: with a hundred thousand
 * pushes that wait for one, trying each of them again would take the processor from the chat. In memory: the next process
 * finds out for itself.
 */

interface Failures {
  readonly count: number;
  /** The end of the pause, in milliseconds since the epoch. */
  readonly until: number;
}

/** Failures without a success in between before a service is left alone; one browser may be limited by itself. */
const TOLERATED = 20;
/** Failures after which the next pause is twice as long. */
const PER_DOUBLING = 10;
const MAX_PAUSE_MS = 5 * 60_000;
/** Origins that are remembered; more start from an empty memory. */
const REMEMBERED = 1_000;

/** Counts failures by push service. */
export class ServicePauses {
  readonly #failures = new Map<string, Failures>();

  /** Whether a service is left alone at a time, in milliseconds since the epoch. */
  isPaused(origin: string, now: number): boolean {
    return now < (this.#failures.get(origin)?.until ?? 0);
  }

  /** A service has answered, whatever it said. */
  succeeded(origin: string): void {
    this.#failures.delete(origin);
  }

  /** A service was too busy, broken or out of reach. */
  failed(origin: string, now: number): void {
    if (this.#failures.size >= REMEMBERED) this.#failures.clear();
    const count = (this.#failures.get(origin)?.count ?? 0) + 1;
    const pauseMs = Math.min(MAX_PAUSE_MS, 1_000 * 2 ** Math.floor(count / PER_DOUBLING));
    this.#failures.set(origin, { count, until: count < TOLERATED ? 0 : now + pauseMs });
  }
}
