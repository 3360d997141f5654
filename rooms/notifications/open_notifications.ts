/** Makes the parts of notifications: inboxes, mentions, and what sends them to connections. */
import type { Access } from "../access/open_access.ts";
import type { Clock } from "../clock.ts";
import type { Channel, Post } from "../cluster/channel.ts";
import { MentionWorker } from "./mention_worker.ts";
import { Inboxes } from "./inboxes.ts";
import { POLL_EVERY_MS, Subscriptions } from "./subscriptions.ts";
import type { MentionOutbox } from "./mention_outbox.ts";
import type { MessageLog } from "../messages/message_log.ts";
import type { PushOutbox } from "./push/push_outbox.ts";
import { WatchLevels } from "./watch/watch_levels.ts";
import { UnreadRooms } from "./unread/unread_rooms.ts";

interface NotificationsParts {
  readonly kv: Deno.Kv;
  readonly clock: Clock;
  readonly random: () => number;
  readonly mentions: MentionOutbox;
  readonly messageLog: MessageLog;
  readonly pushOutbox: Pick<PushOutbox, "addRooms">;
  /** Missing when there are no other isolates. */
  readonly channel: Channel | undefined;
  /** Days for which messages, and notifications of them, are kept; 0 = for good. */
  readonly retentionDays: number;
  readonly access: Pick<Access, "accounts" | "roomPermissions" | "changes" | "personIds">;
  /** Reports what goes wrong, under a fixed name. */
  readonly failed: (what: string, error: unknown) => void;
}

/** The notifications of this isolate. */
export interface Notifications {
  readonly inboxes: Inboxes;
  readonly subscriptions: Subscriptions;
  readonly unreadRooms: UnreadRooms;
  readonly watchLevels: WatchLevels;
  readonly name: "notifications";
  receive(post: Post): void;
  resync(): void;
  close(): Promise<void>;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Time after which each process removes old notifications and the inboxes of deleted accounts. */
const TIDY_EVERY_MS = 60 * 60 * 1000;
/** The first time is random, so that processes that start together don't do it together. */
const FIRST_WITHIN_MS = 60_000;

/** Opens them on one database, and begins to notify people of mentions. */
export function openNotifications(parts: NotificationsParts): Notifications {
  const { kv, clock, random, mentions, channel, access, retentionDays, failed } = parts;
  const inboxes = new Inboxes({
    kv,
    now: clock.now,
    random,
    // A mention may be delivered after its message was looked at for pushes.
    delivered: (commit, notifications) =>
      parts.pushOutbox.addRooms(commit, notifications.flatMap(({ room }) => room ?? [])),
    changed(account) {
      subscriptions.changed(account);
      unreadRooms.accountChanged(account);
      channel?.post({ type: "inbox", account });
    },
  });
  const subscriptions = new Subscriptions(inboxes, (error) => failed("subscriptions_failed", error));
  const watchLevels = new WatchLevels(kv, (account) => {
    unreadRooms.accountChanged(account);
    channel?.post({ type: "inbox", account });
  });
  const unreadRooms = new UnreadRooms({ ...parts, ...access, inboxes, watchLevels });
  mentions.setNameFilter((initial) => access.accounts.mayBeginName(initial));
  const mentionWorker = new MentionWorker({
    ...access,
    kv,
    outbox: mentions,
    inboxes,
    watchLevels,
    history: parts.messageLog.history,
    failed: (error) => failed("mention_worker_failed", error),
  });
  access.changes.listen((change) => {
    if (change.type === "erased" || change.type === "unknown") mentionWorker.ring();
    if (change.type === "erased") unreadRooms.erased(change.room);
    if (change.type === "unknown") unreadRooms.erased(undefined);
    if (change.type === "rules") unreadRooms.permissionsChanged(change.room);
    // Not awaited, because other listeners wait; the hourly run repeats what fails.
    if (change.type === "account") {
      void tidyAccount(change.id).catch((error) => failed("tidy_failed", error));
    }
  });
  const closing = new AbortController();
  const { signal } = closing;

  async function poll(): Promise<void> {
    await mentionWorker.run();
    while (!signal.aborted) {
      await clock.wait(POLL_EVERY_MS, signal);
      if (signal.aborted) return;
      await Promise.all([subscriptions.poll(), unreadRooms.poll(), mentionWorker.poll()]).catch((error) =>
        failed("poll_failed", error)
      );
    }
  }

  async function tidyAccount(account: string): Promise<void> {
    if (await inboxes.tidy(account)) return;
    await unreadRooms.marks.erase(account);
    await watchLevels.erase(account);
  }

  async function tidy(): Promise<void> {
    await clock.wait(FIRST_WITHIN_MS * random(), signal);
    while (!signal.aborted) {
      try {
        for await (const account of inboxes.accounts()) {
          if (signal.aborted) return;
          await tidyAccount(account);
          if (retentionDays) await inboxes.withdrawBefore(account, clock.now() - retentionDays * DAY_MS);
        }
      } catch (error) {
        failed("tidy_failed", error);
      }
      await clock.wait(TIDY_EVERY_MS, signal);
    }
  }

  const running = Promise.all([poll(), tidy()]);
  return {
    name: "notifications",
    inboxes,
    subscriptions,
    unreadRooms,
    watchLevels,
    receive(post) {
      unreadRooms.receive(post);
      if (post.type === "inbox") subscriptions.changed(post.account);
    },
    resync: () => void subscriptions.poll().catch((error) => failed("poll_failed", error)),
    async close() {
      closing.abort();
      await mentionWorker.close();
      await running;
      await unreadRooms.close();
      await inboxes.settled();
      await subscriptions.close();
    },
  };
}
