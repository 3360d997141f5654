/**
 * Inboxes: what came to each account, and how much of it is unread.
 *
 * | key | value |
 * | --- | --- |
 * | `["inbox", account]` | {@link ReadMarks}, and when the oldest notification came |
 * | `["notification", account, number]` | a {@link Notification} and when it came |
 * | `["notification_id", account, id]` | the number of the notification with this id |
 *
 * Every commit checks the first key, which it also changes. So the numbers have no gap, an id comes once, and what is
 * unread follows from that one record, whoever reads and writes at the same time.
 */
import { accountKey } from "../access/accounts.ts";
import { type Mentioner, mentionsLeft, type MentionsOfDay, withMentions } from "./mention_quota.ts";
import { MOST_KEPT, type Notification, RETENTION_DAYS } from "./notification.ts";
import {
  isRead,
  NOTHING,
  type ReadMarks,
  unreadIn,
  withAllRead,
  withArrived,
  withoutBefore,
  withRead,
} from "./read_marks.ts";

/** A notification and whether it is read. */
export interface Listed extends Notification {
  readonly read: boolean;
}

/** A part of an inbox, the newest first. */
export interface Page {
  readonly notifications: readonly Listed[];
  /** Whether there are older ones. */
  readonly more: boolean;
  /** Of the whole inbox. */
  readonly unread: number;
}

/** What is new in an inbox. */
export interface News {
  /** The oldest first, with their numbers. */
  readonly arrived: readonly { readonly number: number; readonly notification: Notification }[];
  /** The number of the newest. */
  readonly last: number;
  readonly unread: number;
}

interface Inbox extends ReadMarks {
  /** When the oldest that is kept came, in milliseconds since the epoch. */
  readonly since: number;
  /** Of the last day on which any came. */
  readonly mentions?: MentionsOfDay;
}

interface Stored extends Notification {
  readonly at: number;
}

const INBOX = "inbox";
const NOTIFICATION = "notification";
const BY_ID = "notification_id";
const DAY_MS = 24 * 60 * 60 * 1000;
const LIFE_MS = RETENTION_DAYS * DAY_MS;
/** KV may take out by itself what is older; what is left of it is taken out with it. */
const KV_LIFE_MS = LIFE_MS + DAY_MS;
/** KV's limit for one `getMany` (https://docs.deno.com/api/deno/~/Deno.Kv.prototype.getMany). */
const KEYS_PER_READ = 10;
/** Notifications taken out in a commit; each is two of its 1,000 mutations. */
const MOST_REMOVED = 400;
/** Notifications that come in a commit: each may take 10 KB, and another one's place. */
export const MOST_ARRIVING = 50;
/** Others may be faster so many times; whoever was waits a little longer each time. */
const TRIES = 200;
const PAUSE_MS = 20;
/** An id is a ULID. */
const ID = /^[0-9A-HJKMNP-TV-Z]{26}$/;

export class Inboxes {
  readonly #kv: Deno.Kv;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #changed: (account: string) => void;
  /** By account, the last change that this process makes: one after the other they don't get into each other's way. */
  readonly #changing = new Map<string, Promise<unknown>>();

  /** `changed` is called after each commit that changes an inbox. */
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

  /**
   * Brings notifications to an account, at most {@link MOST_ARRIVING}, each once: one whose id came before is passed
   * over. False when there is no such account, or something has gone on which it depends. Of mentions, which are all by
   * guests or all by people with accounts, an account is told only so many a day.
   */
  async deliver(
    account: string,
    notifications: readonly Notification[],
    mention?: { readonly dependsOn: Deno.KvKey; readonly by: Mentioner },
  ): Promise<boolean> {
    return await this.#change(account, async (entry, commit) => {
      const keys = [accountKey(account), ...(mention ? [mention.dependsOn] : [])];
      const needed = await this.#kv.getMany<unknown[]>(keys);
      if (needed.some(({ value }) => value === null)) return false;
      commit.check(...needed);
      const inbox: Inbox = entry.value ?? { ...NOTHING, since: 0 };
      const at = this.#now();
      const most = mention ? mentionsLeft(inbox.mentions, at, mention.by) : Infinity;
      const fresh = (await this.#fresh(account, notifications)).slice(0, most);
      if (!fresh.length) return true;
      for (const [i, notification] of fresh.entries()) {
        const number = inbox.last + 1 + i;
        const stored: Stored = { ...notification, at };
        commit.set([NOTIFICATION, account, number], stored, { expireIn: KV_LIFE_MS });
        commit.set([BY_ID, account, notification.id], number, { expireIn: KV_LIFE_MS });
      }
      const isEmpty = inbox.first > inbox.last;
      const grown = { ...withArrived(inbox, fresh.length), since: isEmpty ? at : inbox.since };
      const surplus = grown.last - grown.first + 1 - MOST_KEPT;
      const kept = surplus > 0 ? await this.#without(commit, account, grown, grown.first + surplus) : grown;
      const mentions = mention ? withMentions(inbox.mentions, at, mention.by, fresh.length) : inbox.mentions;
      commit.set(entry.key, mentions ? { ...kept, mentions } : kept);
    });
  }

  /** Marks one as read; false when the account has none of that id. */
  async markRead(account: string, id: string): Promise<boolean> {
    if (!ID.test(id)) return false;
    const { value: number } = await this.#kv.get<number>([BY_ID, account, id]);
    if (number === null) return false;
    return await this.#mark(account, (inbox) => withRead(inbox, number));
  }

  /** Marks as read all that have come by now. */
  async markAllRead(account: string): Promise<void> {
    await this.#mark(account, withAllRead);
  }

  /** A part of an inbox: at most `limit`, older than the one with the id `before`, and not read where that is asked. */
  async page(
    account: string,
    { before, limit, isUnread }: { before?: string; limit: number; isUnread: boolean },
  ): Promise<Page> {
    const { first, last, ...inbox } = await this.#read(account);
    const end = before === undefined ? last + 1 : await this.#numberOf(account, before) ?? 0;
    const from = isUnread ? Math.max(first, inbox.upTo + 1) : first;
    const found: Listed[] = [];
    if (from < end) {
      const prefix = [NOTIFICATION, account];
      const range = { start: [...prefix, from], end: [...prefix, end] };
      for await (const { key, value } of this.#kv.list<Stored>(range, { reverse: true, batchSize: 100 })) {
        const read = isRead({ first, last, ...inbox }, Number(key[2]));
        if (read && isUnread) continue;
        found.push({ ...withoutTime(value), read });
        if (found.length > limit) break;
      }
    }
    return {
      notifications: found.slice(0, limit),
      more: found.length > limit,
      unread: unreadIn({ first, last, ...inbox }),
    };
  }

  /** What came after the notification number `after`, all of it up to now; without a number only how it stands. */
  async news(account: string, after?: number): Promise<News> {
    const inbox = await this.#read(account);
    const { first, last } = inbox;
    const arrived: { number: number; notification: Notification }[] = [];
    const from = Math.max(first, (after ?? last) + 1);
    if (from <= last) {
      const prefix = [NOTIFICATION, account];
      const range = { start: [...prefix, from], end: [...prefix, last + 1] };
      for await (const { key, value } of this.#kv.list<Stored>(range)) {
        arrived.push({ number: Number(key[2]), notification: withoutTime(value) });
      }
    }
    return { arrived, last, unread: unreadIn(inbox) };
  }

  /** Takes one notification back as if it had not come; what came with the same id won't come again. */
  async withdraw(account: string, id: string): Promise<void> {
    const { value: number } = await this.#kv.get<number>([BY_ID, account, id]);
    if (number === null) return;
    await this.#change(account, (entry, commit) => {
      if (!entry.value) return false;
      const inbox = { ...entry.value, ...withRead(entry.value, number) };
      commit.delete([NOTIFICATION, account, number]).set(entry.key, inbox);
    });
  }

  /** Takes back all that tell of what was said under a name, from all inboxes. */
  async withdrawFrom(name: string): Promise<void> {
    for await (const { key, value } of this.#kv.list<Stored>({ prefix: [NOTIFICATION] })) {
      if (value.from === name) await this.withdraw(String(key[1]), value.id);
    }
  }

  /** Takes back what tells of messages and came to an account before a time. */
  async withdrawBefore(account: string, time: number): Promise<void> {
    for await (const { value } of this.#kv.list<Stored>({ prefix: [NOTIFICATION, account] })) {
      if (value.from !== undefined && value.at < time) await this.withdraw(account, value.id);
    }
  }

  /** The accounts that have an inbox. */
  async *accounts(): AsyncGenerator<string> {
    for await (const { key } of this.#kv.list({ prefix: [INBOX] })) yield String(key[1]);
  }

  /** Takes out what is too old, from the inbox of an account; erases it when the account is gone. */
  async tidy(account: string): Promise<void> {
    const { value } = await this.#kv.get(accountKey(account));
    if (value === null) await this.erase(account);
    else await this.#read(account);
  }

  /** Erases the inbox of an account that is gone. */
  async erase(account: string): Promise<void> {
    // The inbox itself last: by it the rest is found, should this be cut short.
    for (const kind of [BY_ID, NOTIFICATION]) {
      let commit = this.#kv.atomic();
      let count = 0;
      for await (const { key } of this.#kv.list({ prefix: [kind, account] })) {
        commit.delete(key);
        if (++count % MOST_REMOVED) continue;
        await commit.commit();
        commit = this.#kv.atomic();
      }
      await commit.commit();
    }
    await this.#kv.delete([INBOX, account]);
  }

  /** Resolves when nothing is being changed any more. */
  async settled(): Promise<void> {
    while (this.#changing.size) await Promise.allSettled(this.#changing.values());
  }

  async #mark(account: string, mark: (inbox: Inbox) => ReadMarks): Promise<boolean> {
    return await this.#change(account, ({ key, value: inbox }, commit) => {
      if (!inbox) return false;
      const marked = mark(inbox);
      if (unreadIn(marked) === unreadIn(inbox)) return true;
      commit.set(key, { ...inbox, ...marked });
    });
  }

  async #numberOf(account: string, id: string): Promise<number | undefined> {
    if (!ID.test(id)) return undefined;
    return (await this.#kv.get<number>([BY_ID, account, id])).value ?? undefined;
  }

  /** Those whose ids the account doesn't have. */
  async #fresh(account: string, notifications: readonly Notification[]): Promise<Notification[]> {
    const fresh = new Map(notifications.map((notification) => [notification.id, notification]));
    const ids = [...fresh.keys()];
    for (let i = 0; i < ids.length; i += KEYS_PER_READ) {
      const keys = ids.slice(i, i + KEYS_PER_READ).map((id) => [BY_ID, account, id]);
      for (const { key, value } of await this.#kv.getMany(keys)) {
        if (value !== null) fresh.delete(String(key[2]));
      }
    }
    return [...fresh.values()];
  }

  /** The inbox as it is now, without what is too old. */
  async #read(account: string): Promise<Inbox> {
    for (;;) {
      const { value: inbox } = await this.#kv.get<Inbox>([INBOX, account]);
      if (!inbox) return { ...NOTHING, since: 0 };
      if (inbox.first > inbox.last || inbox.since > this.#now() - LIFE_MS) return inbox;
      await this.#change(account, async (entry, commit) => {
        if (!entry.value) return false;
        const first = await this.#firstInTime(account, entry.value);
        const kept = await this.#without(commit, account, entry.value, first);
        commit.set(entry.key, kept);
      });
    }
  }

  /** The number of the oldest notification that isn't too old, but not further than a commit can go. */
  async #firstInTime(account: string, { first, last }: Inbox): Promise<number> {
    const end = Math.min(last, first + MOST_REMOVED - 1) + 1;
    const prefix = [NOTIFICATION, account];
    const range = { start: [...prefix, first], end: [...prefix, end] };
    for await (const { key, value } of this.#kv.list<Stored>(range)) {
      if (value.at > this.#now() - LIFE_MS) return Number(key[2]);
    }
    return end;
  }

  /** Takes out, in a commit, all below the number `first`; answers the inbox that is left. */
  async #without(
    commit: Deno.AtomicOperation,
    account: string,
    inbox: Inbox,
    first: number,
  ): Promise<Inbox> {
    const prefix = [NOTIFICATION, account];
    const range = { start: [...prefix, inbox.first], end: [...prefix, first] };
    for await (const { key, value } of this.#kv.list<Stored>(range)) {
      commit.delete(key).delete([BY_ID, account, value.id]);
    }
    const { value: oldest } = await this.#kv.list<Stored>({
      start: [...prefix, first],
      end: [...prefix, inbox.last + 1],
    }, { limit: 1 }).next();
    return { ...inbox, ...withoutBefore(inbox, first), since: oldest?.value.at ?? this.#now() };
  }

  /**
   * Changes an inbox; what `change` answers at once is the answer, and otherwise what it has added to the commit is
   * made, again and again as long as others are faster.
   */
  #change(
    account: string,
    change: (
      entry: Deno.KvEntryMaybe<Inbox>,
      commit: Deno.AtomicOperation,
    ) => Promise<boolean | void> | boolean | void,
  ): Promise<boolean> {
    const before = this.#changing.get(account) ?? Promise.resolve();
    const making = before.catch(() => {}).then(async () => {
      for (let tries = 1; tries <= TRIES; tries++) {
        const entry = await this.#kv.get<Inbox>([INBOX, account]);
        const commit = this.#kv.atomic().check(entry);
        const answer = await change(entry, commit);
        if (answer !== undefined) return answer;
        if ((await commit.commit()).ok) {
          this.#changed(account);
          return true;
        }
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * Math.min(tries, 10) * this.#random()));
      }
      throw new Error(`Changing the inbox of ${account} failed: others changed it ${TRIES} times meanwhile`);
    });
    this.#changing.set(account, making);
    const forget = (): void => {
      if (this.#changing.get(account) === making) this.#changing.delete(account);
    };
    making.then(forget, forget);
    return making;
  }
}

function withoutTime({ at: _, ...notification }: Stored): Notification {
  return notification;
}
