/** Inboxes: which notifications came to each account, and which of them are unread. */
import { accountKey } from "../access/accounts.ts";
import { EMPTY, type Inbox, InboxStore, type Numbered, type StoredNotification } from "./inbox_store.ts";
import {
  type GuestMention,
  type Mentioner,
  mentionsLeft,
  withGuestMention,
  withMentions,
} from "./mention_quota.ts";
import { MOST_KEPT, type Notification } from "./notification.ts";
import { isRead, type ReadMarks, unreadIn, withAllRead, withArrived, withRead } from "./read_marks.ts";

/** A notification and whether it is read. */
export interface Listed extends Notification {
  readonly read: boolean;
}

/** One page of an inbox, the newest notification first. */
export interface Page {
  readonly notifications: readonly Listed[];
  /** Whether there are older ones. */
  readonly more: boolean;
  /** The unread count of the whole inbox. */
  readonly unread: number;
}

/** What is new in an inbox. */
export interface News {
  /** The notifications and their numbers, the oldest first. */
  readonly arrived: readonly { readonly number: number; readonly notification: Notification }[];
  /** The number of the newest notification. */
  readonly last: number;
  /** The unread count of the whole inbox. */
  readonly unread: number;
}

/** Notifications delivered in one commit: each may take 10 KB, and replace another one. */
export const MOST_ARRIVING = 50;

/** The inboxes of all accounts. */
export class Inboxes {
  readonly #kv: Deno.Kv;
  readonly #now: () => number;
  readonly #delivered: (commit: Deno.AtomicOperation, notifications: readonly Notification[]) => void;
  readonly #store: InboxStore;

  /**
   * `now` is in milliseconds since the epoch, `random` from 0 to 1; `changed` is called after an inbox was changed;
   * `delivered` may add to the commit that delivers notifications.
   */
  constructor(parts: {
    kv: Deno.Kv;
    now: () => number;
    random: () => number;
    changed: (account: string) => void;
    delivered?: (commit: Deno.AtomicOperation, notifications: readonly Notification[]) => void;
  }) {
    this.#kv = parts.kv;
    this.#now = parts.now;
    this.#delivered = parts.delivered ?? (() => {});
    this.#store = new InboxStore(parts);
  }

  /**
   * Delivers notifications to an account, at most {@link MOST_ARRIVING}; those whose id arrived before are ignored.
   * Mentions, which are all by guests or all by accounts, are limited by quotas (`mention_quota.ts`), and are only
   * delivered while the key `dependsOn` exists. Answers false when it doesn't, or there is no such account.
   */
  async deliver(
    account: string,
    notifications: readonly Notification[],
    mention?: { readonly dependsOn: Deno.KvKey; readonly by: Mentioner },
  ): Promise<boolean> {
    return await this.#store.change(account, async (before, commit) => {
      const inbox = before ?? EMPTY;
      const keys = [accountKey(account), ...(mention ? [mention.dependsOn] : [])];
      const required = await this.#kv.getMany<unknown[]>(keys);
      if (required.some(({ value }) => value === null)) return false;
      commit.check(...required);
      this.#delivered(commit, notifications);
      const at = this.#now();
      const most = mention ? mentionsLeft(inbox.mentions, at, mention.by) : Infinity;
      const missing = await this.#store.missing(account, notifications);
      let guestMentions = inbox.guestMentions ?? [];
      const isAllowed = (notification: Notification): boolean => {
        const recent = withGuestMention(guestMentions, guestMentionOf(notification));
        guestMentions = recent ?? guestMentions;
        return recent !== undefined;
      };
      const fresh = (mention?.by === "guest" ? missing.filter(isAllowed) : missing).slice(0, most);
      if (!fresh.length) return true;
      for (const [i, notification] of fresh.entries()) {
        const number = inbox.last + 1 + i;
        this.#store.add(commit, account, { number, notification: { ...notification, at } });
      }
      const isEmpty = inbox.first > inbox.last;
      const grown = { ...withArrived(inbox, fresh.length), since: isEmpty ? at : inbox.since };
      const surplus = grown.last - grown.first + 1 - MOST_KEPT;
      const kept = surplus > 0
        ? await this.#store.removeBefore(commit, account, grown, grown.first + surplus)
        : grown;
      const mentions = mention ? withMentions(inbox.mentions, at, mention.by, fresh.length) : inbox.mentions;
      this.#store.set(commit, account, { ...kept, mentions, guestMentions });
    });
  }

  /** Marks one notification as read; false when the account has none with this id. */
  async markRead(account: string, id: string): Promise<boolean> {
    const number = await this.#store.numberOf(account, id);
    if (number === undefined) return false;
    return await this.#mark(account, (inbox) => withRead(inbox, number));
  }

  /** Marks all notifications as read that have arrived by now. */
  async markAllRead(account: string): Promise<void> {
    await this.#mark(account, withAllRead);
  }

  /** Reads at most `limit` notifications, older than the one with the id `before`, and only unread ones if `isUnread`. */
  async page(
    account: string,
    { before, limit, isUnread }: { before?: string; limit: number; isUnread: boolean },
  ): Promise<Page> {
    const inbox = await this.#store.current(account);
    const end = before === undefined ? inbox.last + 1 : await this.#store.numberOf(account, before) ?? 0;
    const from = isUnread ? Math.max(inbox.first, inbox.upTo + 1) : inbox.first;
    const found: Listed[] = [];
    const newestFirst = this.#store.list(account, from, end, { reverse: true, batchSize: 100 });
    for await (const { number, notification } of newestFirst) {
      const read = isRead(inbox, number);
      if (read && isUnread) continue;
      found.push({ ...withoutTime(notification), read });
      if (found.length > limit) break;
    }
    return {
      notifications: found.slice(0, limit),
      more: found.length > limit,
      unread: unreadIn(inbox),
    };
  }

  /** Reads all notifications after the number `after`; without a number, only the counts. */
  async news(account: string, after?: number): Promise<News> {
    const inbox = await this.#store.current(account);
    const { first, last } = inbox;
    const from = Math.max(first, (after ?? last) + 1);
    const arrived = await Array.fromAsync(
      this.#store.list(account, from, last + 1),
      ({ number, notification }) => ({ number, notification: withoutTime(notification) }),
    );
    return { arrived, last, unread: unreadIn(inbox) };
  }

  /** The `seq`s of the messages that mention an account and whose notifications are unread, by room. */
  async unreadMentions(account: string): Promise<Map<string, string[]>> {
    const mentions = new Map<string, string[]>();
    for await (const { notification: { room, seq } } of this.#unread(account)) {
      if (room === undefined || seq === undefined) continue;
      mentions.set(room, [...mentions.get(room) ?? [], seq]);
    }
    return mentions;
  }

  /** Marks the notifications about messages of a room as read, up to the message with this `seq`. */
  async markRoomRead(account: string, room: string, seq: string): Promise<void> {
    const read: number[] = [];
    for await (const { number, notification } of this.#unread(account)) {
      const { room: of, seq: at = "~" } = notification;
      if (of === room && at <= seq) read.push(number);
    }
    if (read.length) await this.#mark(account, (inbox) => read.reduce<ReadMarks>(withRead, inbox));
  }

  /** Removes a notification as if it had never arrived; one with the same id can't arrive again. */
  async withdraw(account: string, id: string): Promise<void> {
    const number = await this.#store.numberOf(account, id);
    if (number === undefined) return;
    await this.#store.change(account, (inbox, commit) => {
      if (!inbox) return false;
      this.#store.remove(commit, account, number);
      this.#store.set(commit, account, { ...inbox, ...withRead(inbox, number) });
    });
  }

  /** Removes the notifications about messages by this name, from all inboxes. */
  async withdrawFrom(name: string): Promise<void> {
    for await (const { account, notification: { from, id } } of this.#store.all()) {
      if (from === name) await this.withdraw(account, id);
    }
  }

  /** Removes the notifications about messages that came to an account before a time, in milliseconds since the epoch. */
  async withdrawBefore(account: string, time: number): Promise<void> {
    for await (const { notification: { from, at, id } } of this.#store.all(account)) {
      if (from !== undefined && at < time) await this.withdraw(account, id);
    }
  }

  /** The accounts that have an inbox. */
  accounts(): AsyncGenerator<string> {
    return this.#store.accounts();
  }

  /**
   * Removes notifications that are too old from the inbox of an account, and all of them if the account was deleted; answers
   * whether it exists.
   */
  async tidy(account: string): Promise<boolean> {
    const { value } = await this.#kv.get(accountKey(account));
    if (value === null) await this.#store.erase(account);
    else await this.#store.current(account);
    return value !== null;
  }

  /** Resolves when no change is under way. */
  async settled(): Promise<void> {
    await this.#store.settled();
  }

  async *#unread(account: string): AsyncGenerator<Numbered> {
    const inbox = await this.#store.current(account);
    if (!unreadIn(inbox)) return;
    const from = Math.max(inbox.first, inbox.upTo + 1);
    for await (const one of this.#store.list(account, from, inbox.last + 1)) {
      if (!isRead(inbox, one.number)) yield one;
    }
  }

  async #mark(account: string, mark: (inbox: Inbox) => ReadMarks): Promise<boolean> {
    return await this.#store.change(account, (inbox, commit) => {
      if (!inbox) return false;
      const marked = mark(inbox);
      if (unreadIn(marked) === unreadIn(inbox)) return true;
      this.#store.set(commit, account, { ...inbox, ...marked });
    });
  }
}

function withoutTime({ at: _, ...notification }: StoredNotification): Notification {
  return notification;
}

function guestMentionOf({ timestamp, room = "", person = "" }: Notification): GuestMention {
  return { at: Date.parse(timestamp), room, person };
}
