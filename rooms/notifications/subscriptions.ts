/**
 * The watch tells open connections what comes to their accounts' inboxes, and how much is unread.
 *
 * It is told when an inbox has changed, here or elsewhere; what has become of it is always read from KV, so that a
 * word that comes twice, late or never does no harm: it looks by itself now and then.
 */
import type { Inboxes } from "./inboxes.ts";
import type { Notification } from "./notification.ts";

/** Whoever is told. */
export interface Subscriber {
  arrived(notification: Notification): void;
  /** At once, and whenever it is another count. */
  unread(count: number): void;
}

interface Watched {
  readonly watcher: Subscriber;
  /** The number of the newest notification that it was told of; `undefined`: it has just come. */
  last: number | undefined;
  count: number | undefined;
}

/** How often all that is watched is read, in case that a word of a change was lost. */
export const LOOK_EVERY_MS = 10_000;
/** Inboxes read at the same time. */
const AT_ONCE = 20;

export class Subscriptions {
  readonly #inboxes: Pick<Inboxes, "news">;
  readonly #failed: (error: unknown) => void;
  readonly #accounts = new Map<string, Set<Watched>>();
  /** The accounts that are being read, and whether they have changed again meanwhile. */
  readonly #reading = new Map<string, { promise: Promise<void>; isStale: boolean }>();

  /** `failed` is called when an inbox could not be read; the next look tries again. */
  constructor(inboxes: Pick<Inboxes, "news">, failed: (error: unknown) => void) {
    this.#inboxes = inboxes;
    this.#failed = failed;
  }

  /** Tells a watcher of all that comes to an account from now on, each once; answers how to end it. */
  async add(account: string, watcher: Subscriber): Promise<() => void> {
    const watched: Watched = { watcher, last: undefined, count: undefined };
    const all = this.#accounts.get(account) ?? new Set();
    this.#accounts.set(account, all.add(watched));
    const remove = (): void => {
      all.delete(watched);
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

  /** The inbox of an account has changed, or may have. */
  changed(account: string): void {
    if (this.#accounts.has(account)) this.#read(account).catch(this.#failed);
  }

  /** Tells nobody any more, and resolves when nothing is read any more. */
  async close(): Promise<void> {
    this.#accounts.clear();
    await Promise.allSettled(Array.from(this.#reading.values(), ({ promise }) => promise));
  }

  /** Reads all that is watched. */
  async look(): Promise<void> {
    const accounts = [...this.#accounts.keys()];
    for (let i = 0; i < accounts.length; i += AT_ONCE) {
      await Promise.all(accounts.slice(i, i + AT_ONCE).map((account) => this.#read(account)));
    }
  }

  /** Resolves when all that stood in the inbox at the time of the call has been told. */
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
          await this.#tell(account);
        }
      } finally {
        this.#reading.delete(account);
      }
    })();
    this.#reading.set(account, fresh);
    return fresh.promise;
  }

  async #tell(account: string): Promise<void> {
    // Whoever comes while this is read is told by the next reading, and of nothing that came before.
    const present = [...this.#accounts.get(account) ?? []];
    const known = present.flatMap(({ last }) => last ?? []);
    const { arrived, last, unread } = await this.#inboxes.news(
      account,
      known.length ? Math.min(...known) : undefined,
    );
    for (const watched of present) {
      const seen = watched.last ?? last;
      const isCounted = watched.count === unread;
      watched.last = last;
      watched.count = unread;
      for (const { number, notification } of arrived) {
        if (number > seen) watched.watcher.arrived(notification);
      }
      if (!isCounted) watched.watcher.unread(unread);
    }
  }
}
