/**
 * The inboxes of accounts in KV.
 *
 * | key | value |
 * | --- | --- |
 * | `["inbox", account]` | an {@link Inbox} |
 * | `["notification", account, number]` | a {@link StoredNotification} |
 * | `["notification_id", account, id]` | the number of the notification with this id |
 *
 * Every commit checks and changes the first key. So numbers have no gap, an id is stored once, and the unread count
 * follows from that one record, however many processes read and write at the same time.
 */
import { wait } from "../clock.ts";
import { deletePrefix } from "../kv/delete_keys.ts";
import { readKeys } from "../kv/read_keys.ts";
import type { GuestMention, MentionsOfDay } from "./mention_quota.ts";
import { type Notification, RETENTION_DAYS } from "./notification.ts";
import { NOTHING, type ReadMarks, withoutBefore } from "./read_marks.ts";

/** The record of one inbox. */
export interface Inbox extends ReadMarks {
  /** When the oldest notification that is kept arrived, in milliseconds since the epoch. */
  readonly since: number;
  /** Mentions of the last day on which any arrived. */
  readonly mentions?: MentionsOfDay;
  /** Mentions by guests in the last minute in which any arrived. */
  readonly guestMentions?: readonly GuestMention[];
}

/** A notification as it is stored. */
export interface StoredNotification extends Notification {
  /** When it arrived, in milliseconds since the epoch. */
  readonly at: number;
}

/** A notification and its number in its inbox. */
export interface Numbered {
  readonly number: number;
  readonly notification: StoredNotification;
}

/**
 * Adds to the commit that changes an inbox, and answers nothing; or answers at once, and the commit isn't made. It is
 * called again when another process changed the inbox meanwhile.
 */
export type InboxChange = (
  inbox: Inbox | undefined,
  commit: Deno.AtomicOperation,
) => Promise<boolean | void> | boolean | void;

/** An inbox to which nothing has come. */
export const EMPTY: Inbox = { ...NOTHING, since: 0 };

const INBOX = "inbox";
const NOTIFICATION = "notification";
const BY_ID = "notification_id";
const DAY_MS = 24 * 60 * 60 * 1000;
const LIFE_MS = RETENTION_DAYS * DAY_MS;
/** KV may delete older values by itself; a day of grace lets {@link InboxStore.current} update the record first. */
const KV_LIFE_MS = LIFE_MS + DAY_MS;
/** Notifications removed in one commit; each is two of KV's 1,000 mutations. */
const MOST_REMOVED = 400;
/** Attempts to change an inbox while other processes change it. The pause between two of them grows up to ten times. */
const TRIES = 200;
const PAUSE_MS = 20;
/** An id is a ULID. */
const ID = /^[0-9A-HJKMNP-TV-Z]{26}$/;

/** Reads and changes inboxes. */
export class InboxStore {
  readonly #kv: Deno.Kv;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #changed: (account: string) => void;
  /** By account, the last change by this process: they run one after the other, so that they don't fail each other. */
  readonly #changing = new Map<string, Promise<unknown>>();

  /** `now` is in milliseconds since the epoch, `random` from 0 to 1; `changed` is called after each commit. */
  constructor(parts: {
    kv: Deno.Kv;
    now: () => number;
    random: () => number;
    changed: (account: string) => void;
  }) {
    this.#kv = parts.kv;
    this.#now = parts.now;
    this.#random = parts.random;
    this.#changed = parts.changed;
  }

  /** The inbox as it is now, after notifications that are too old were removed. */
  async current(account: string): Promise<Inbox> {
    for (;;) {
      const { value: inbox } = await this.#kv.get<Inbox>([INBOX, account]);
      if (!inbox) return EMPTY;
      if (inbox.first > inbox.last || inbox.since > this.#now() - LIFE_MS) return inbox;
      await this.change(account, async (inbox, commit) => {
        if (!inbox) return false;
        const first = await this.#firstInTime(account, inbox);
        this.set(commit, account, await this.removeBefore(commit, account, inbox, first));
      });
    }
  }

  /** The number of the notification with this id; `undefined` when the account has none. */
  async numberOf(account: string, id: string): Promise<number | undefined> {
    if (!ID.test(id)) return undefined;
    return (await this.#kv.get<number>([BY_ID, account, id])).value ?? undefined;
  }

  /** The notifications numbered from `from` to below `end`, ascending unless the options say otherwise. */
  async *list(
    account: string,
    from: number,
    end: number,
    options?: Deno.KvListOptions,
  ): AsyncGenerator<Numbered> {
    if (from >= end) return;
    const prefix = [NOTIFICATION, account];
    const range = { start: [...prefix, from], end: [...prefix, end] };
    for await (const { key, value } of this.#kv.list<StoredNotification>(range, options)) {
      yield { number: Number(key[2]), notification: value };
    }
  }

  /** All notifications of an account, or of all accounts. */
  async *all(account?: string): AsyncGenerator<{ account: string; notification: StoredNotification }> {
    const prefix = account === undefined ? [NOTIFICATION] : [NOTIFICATION, account];
    for await (const { key, value } of this.#kv.list<StoredNotification>({ prefix })) {
      yield { account: String(key[1]), notification: value };
    }
  }

  /** The accounts that have an inbox. */
  async *accounts(): AsyncGenerator<string> {
    for await (const { key } of this.#kv.list({ prefix: [INBOX] })) yield String(key[1]);
  }

  /** Those of the notifications whose ids the account doesn't have yet, each id once. */
  async missing(account: string, notifications: readonly Notification[]): Promise<Notification[]> {
    const missing = new Map(notifications.map((notification) => [notification.id, notification]));
    const keys = Array.from(missing.keys(), (id) => [BY_ID, account, id]);
    for (const { key, value } of await readKeys(this.#kv, keys)) {
      if (value !== null) missing.delete(String(key[2]));
    }
    return [...missing.values()];
  }

  /**
   * Changes an inbox; answers what `change` answered, or true when its commit was made.
   *
   * @throws {Error} when other processes changed the inbox at every attempt
   */
  change(account: string, change: InboxChange): Promise<boolean> {
    const before = this.#changing.get(account) ?? Promise.resolve();
    const changing = before.catch(() => {}).then(() => this.#change(account, change));
    this.#changing.set(account, changing);
    const forget = (): void => {
      if (this.#changing.get(account) === changing) this.#changing.delete(account);
    };
    changing.then(forget, forget);
    return changing;
  }

  /** Adds the record of an inbox to a commit. */
  set(commit: Deno.AtomicOperation, account: string, inbox: Inbox): void {
    commit.set([INBOX, account], inbox);
  }

  /** Adds a new notification to a commit. */
  add(commit: Deno.AtomicOperation, account: string, { number, notification }: Numbered): void {
    commit.set([NOTIFICATION, account, number], notification, { expireIn: KV_LIFE_MS });
    commit.set([BY_ID, account, notification.id], number, { expireIn: KV_LIFE_MS });
  }

  /** Adds to a commit that a notification is removed; its id stays, so that it can't arrive again. */
  remove(commit: Deno.AtomicOperation, account: string, number: number): void {
    commit.delete([NOTIFICATION, account, number]);
  }

  /** Adds to a commit that all notifications below the number `first` are removed; answers the inbox that remains. */
  async removeBefore(
    commit: Deno.AtomicOperation,
    account: string,
    inbox: Inbox,
    first: number,
  ): Promise<Inbox> {
    for await (const { number, notification } of this.list(account, inbox.first, first)) {
      commit.delete([NOTIFICATION, account, number]).delete([BY_ID, account, notification.id]);
    }
    const { value: oldest } = await this.list(account, first, inbox.last + 1, { limit: 1 }).next();
    return {
      ...inbox,
      ...withoutBefore(inbox, first),
      since: oldest?.notification.at ?? this.#now(),
    };
  }

  /** Erases the inbox of an account that was deleted. */
  async erase(account: string): Promise<void> {
    // The record last: if this is interrupted, the rest is found by it.
    for (const kind of [BY_ID, NOTIFICATION]) await deletePrefix(this.#kv, [kind, account]);
    await this.#kv.delete([INBOX, account]);
  }

  /** Resolves when no change is under way. */
  async settled(): Promise<void> {
    while (this.#changing.size) await Promise.allSettled(this.#changing.values());
  }

  async #change(account: string, change: InboxChange): Promise<boolean> {
    for (let tries = 1; tries <= TRIES; tries++) {
      const entry = await this.#kv.get<Inbox>([INBOX, account]);
      const commit = this.#kv.atomic().check(entry);
      const answer = await change(entry.value ?? undefined, commit);
      if (answer !== undefined) return answer;
      if ((await commit.commit()).ok) {
        this.#changed(account);
        return true;
      }
      await wait(PAUSE_MS * Math.min(tries, 10) * this.#random());
    }
    throw new Error(`Changing the inbox of ${account} failed: others changed it ${TRIES} times meanwhile`);
  }

  /** The number of the oldest notification that isn't too old, at most {@link MOST_REMOVED} after the first. */
  async #firstInTime(account: string, { first, last }: Inbox): Promise<number> {
    const end = Math.min(last, first + MOST_REMOVED - 1) + 1;
    for await (const { number, notification } of this.list(account, first, end)) {
      if (notification.at > this.#now() - LIFE_MS) return number;
    }
    return end;
  }
}
