/**
 * Sends new notifications and unread counts to the connections of their accounts.
 *
 * A change of an inbox, here or at another isolate, only causes a read from KV; so it does no harm if it is reported
 * twice, late or, as all inboxes are polled, never.
 */
import type { Inboxes } from "./inboxes.ts";
import type { Notification } from "./notification.ts";

/** A connection that receives notifications. */
export interface Subscriber {
  /** Called with each notification that arrives. */
  arrived(notification: Notification): void;
  /** Called with the unread count at once, and whenever it changes. */
  unread(count: number): void;
}

interface Subscription {
  readonly subscriber: Subscriber;
  /** The number of the newest notification at the last read; `undefined`: not read yet. */
  last: number | undefined;
  /** The unread count that was sent last. */
  count: number | undefined;
}

/** The inboxes of all subscribers are read this often, in case a post about a change was lost. */
export const POLL_EVERY_MS = 10_000;
/** Inboxes read at the same time. */
const AT_ONCE = 20;

/** The subscribers of this isolate. */
export class Subscriptions {
  readonly #inboxes: Pick<Inboxes, "news">;
  readonly #failed: (error: unknown) => void;
  readonly #accounts = new Map<string, Set<Subscription>>();
  /** The inboxes that are being read, and whether they have changed again meanwhile. */
  readonly #reading = new Map<string, { promise: Promise<void>; isStale: boolean }>();

  /** `failed` is called when an inbox could not be read; the next poll tries again. */
  constructor(inboxes: Pick<Inboxes, "news">, failed: (error: unknown) => void) {
    this.#inboxes = inboxes;
    this.#failed = failed;
  }

  /**
   * Sends a subscriber every notification that arrives at an account from now on, each once. Answers a function that ends
   * the subscription.
   *
   * @throws {Error} when the inbox can't be read
   */
  async add(account: string, subscriber: Subscriber): Promise<() => void> {
    const subscription: Subscription = { subscriber, last: undefined, count: undefined };
    const all = this.#accounts.get(account) ?? new Set();
    this.#accounts.set(account, all.add(subscription));
    const remove = (): void => {
      all.delete(subscription);
      if (!all.size && this.#accounts.get(account) === all) this.#accounts.delete(account);
    };
    try {
      await this.#read(account);
      return remove;
    } catch (error) {
      remove();
      throw error;
    }
  }

  /** To be called when the inbox of an account has changed, or may have. */
  changed(account: string): void {
    if (this.#accounts.has(account)) this.#read(account).catch(this.#failed);
  }

  /** Ends all subscriptions; resolves when no read is under way. */
  async close(): Promise<void> {
    this.#accounts.clear();
    await Promise.allSettled(Array.from(this.#reading.values(), ({ promise }) => promise));
  }

  /** Reads the inboxes of all subscribers. */
  async poll(): Promise<void> {
    const accounts = [...this.#accounts.keys()];
    for (let i = 0; i < accounts.length; i += AT_ONCE) {
      await Promise.all(accounts.slice(i, i + AT_ONCE).map((account) => this.#read(account)));
    }
  }

  /** Resolves when everything that was in the inbox at the time of the call has been sent. */
  #read(account: string): Promise<void> {
    const reading = this.#reading.get(account);
    if (reading) {
      reading.isStale = true;
      return reading.promise;
    }
    const fresh = { promise: Promise.resolve(), isStale: true };
    fresh.promise = (async () => {
      try {
        while (fresh.isStale) {
          fresh.isStale = false;
          await this.#send(account);
        }
      } finally {
        this.#reading.delete(account);
      }
    })();
    this.#reading.set(account, fresh);
    return fresh.promise;
  }

  async #send(account: string): Promise<void> {
    // Subscribers that are added during this read get the next one's result, and nothing that arrived before.
    const present = [...this.#accounts.get(account) ?? []];
    const known = present.flatMap(({ last }) => last ?? []);
    const { arrived, last, unread } = await this.#inboxes.news(
      account,
      known.length ? Math.min(...known) : undefined,
    );
    for (const subscription of present) {
      const seen = subscription.last ?? last;
      const isCounted = subscription.count === unread;
      subscription.last = last;
      subscription.count = unread;
      for (const { number, notification } of arrived) {
        if (number > seen) subscription.subscriber.arrived(notification);
      }
      if (!isCounted) subscription.subscriber.unread(unread);
    }
  }
}
