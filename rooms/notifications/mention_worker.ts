/**
 * Notifies people who were mentioned, by doing the jobs of the {@link MentionOutbox}.
 *
 * Each step can be repeated, by this process or another one: a mention's notification has the message's id, and is
 * delivered only while its job exists. So a killed process loses and doubles nothing, and several may work at once.
 *
 * | key | value |
 * | --- | --- |
 * | `["mentioned", message]` | the ids of the accounts that a message mentions, for {@link LIFE_MS} |
 */
import { foldName } from "../access/fold_name.ts";
import type { Account, Accounts } from "../access/accounts.ts";
import type { Withdrawal } from "../messages/deletion.ts";
import type { History } from "../messages/history.ts";
import { messageInBody } from "../messages/message.ts";
import { mayEnter, type PermissionStore } from "../access/room_permissions.ts";
import { type Inboxes, MOST_ARRIVING } from "./inboxes.ts";
import { mentionedIn } from "./mention.ts";
import type { MentionJob, MentionOutbox } from "./mention_outbox.ts";
import type { Mentioner } from "./mention_quota.ts";
import type { WatchLevels } from "./watch/watch_levels.ts";
import { type Notification, RETENTION_DAYS } from "./notification.ts";

interface MentionWorkerParts {
  readonly kv: Deno.Kv;
  readonly outbox: MentionOutbox;
  readonly accounts: Accounts;
  readonly roomPermissions: PermissionStore;
  readonly inboxes: Inboxes;
  readonly watchLevels: Pick<WatchLevels, "of">;
  /** Finds the `seq` of a message. */
  readonly history: Pick<History, "find">;
  /** Called when a job failed; it stays in the outbox. */
  readonly failed: (error: unknown) => void;
}

type MessageBody = ReturnType<typeof messageInBody>;

const MENTIONED = "mentioned";
const LIFE_MS = (RETENTION_DAYS + 2) * 24 * 60 * 60 * 1000;
/** Delay after a commit: its messages are sent to the rooms' members first. */
const DELAY_MS = 20;
/** Characters (code points) of a message that a notification shows. */
const EXCERPT_LENGTH = 200;

/** Does the jobs of the outbox. */
export class MentionWorker {
  readonly #parts: MentionWorkerParts;
  #running: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isRung = false;
  #isClosed = false;
  /** The oldest jobs at the last poll: if they are still there at the next one, their process may have died. */
  #seen: readonly string[] = [];

  constructor(parts: MentionWorkerParts) {
    this.#parts = parts;
    parts.outbox.listen(() => this.ring());
  }

  /** To be called when a job was added: does the jobs after {@link DELAY_MS}. */
  ring(): void {
    if (!this.#isClosed) this.#timer ??= setTimeout(() => void this.run(), DELAY_MS);
  }

  /** Does all jobs that exist by now; resolves when they are done or have failed. */
  run(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isClosed) return Promise.resolve();
    this.#isRung = true;
    return this.#running ??= this.#run().finally(() => this.#running = undefined);
  }

  /** Does the jobs only if the oldest was there at the last call, too: otherwise its own process is doing it. */
  async poll(): Promise<void> {
    const seen = await this.#parts.outbox.oldest();
    const isLate = seen.some((key) => this.#seen.includes(key));
    this.#seen = seen;
    if (isLate) await this.run();
  }

  /** Begins no more jobs; resolves when the present one has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#isRung && !this.#isClosed) {
      this.#isRung = false;
      try {
        await this.#runAll();
      } catch (error) {
        this.#parts.failed(error);
      }
    }
  }

  /** A job that fails must not stop the others; but withdrawals have to wait until all mentions are delivered. */
  async #runAll(): Promise<void> {
    let hasFailed = false;
    for await (const job of this.#parts.outbox.jobs()) {
      if (this.#isClosed) return;
      if ("withdrawal" in job && hasFailed) return;
      try {
        await this.#settle(job);
      } catch (error) {
        hasFailed = true;
        this.#parts.failed(error);
      }
    }
  }

  async #settle(job: MentionJob): Promise<void> {
    if ("withdrawal" in job) await this.#withdraw(job.withdrawal);
    else await this.#notify(job.bodies.map(messageInBody), job.key);
    await this.#parts.outbox.settle(job);
  }

  async #notify(messages: readonly MessageBody[], job: Deno.KvKey): Promise<void> {
    const { kv, inboxes } = this.#parts;
    const due: Record<Mentioner, Map<string, Notification[]>> = { guest: new Map(), account: new Map() };
    for (const message of messages) {
      const { accounts, notification: written } = await this.#mentionOf(message);
      if (!accounts.length) continue;
      const seq = await this.#parts.history.find(message.room, message.id);
      const notification = { ...written, seq };
      const ids = accounts.map(({ id }) => id);
      // Before any delivery, so that a withdrawal finds everybody who may have been notified.
      await kv.set([MENTIONED, message.id], ids, { expireIn: LIFE_MS });
      const of = due[message.account ? "account" : "guest"];
      for (const id of ids) {
        if (await this.#parts.watchLevels.of(id, message.room) === "none") continue;
        of.set(id, [...of.get(id) ?? [], notification]);
      }
    }
    for (const by of ["guest", "account"] as const) {
      for (const [account, notifications] of due[by]) {
        for (let i = 0; i < notifications.length; i += MOST_ARRIVING) {
          await inboxes.deliver(account, notifications.slice(i, i + MOST_ARRIVING), {
            dependsOn: job,
            by,
          });
        }
      }
    }
  }

  /** The accounts that a message mentions, and the notification for them. */
  async #mentionOf(message: MessageBody): Promise<{ accounts: Account[]; notification: Notification }> {
    const { accounts, roomPermissions } = this.#parts;
    const { id, room, username, timestamp, person } = message;
    const named = await mentionedIn(message.message, (text, mayEnd) => accounts.longestName(text, mayEnd));
    const of = named.length ? await roomPermissions.of(room) : undefined;
    return {
      accounts: named.filter((account) =>
        of && isOlder(account, message) && !isAuthor(account, message) && mayEnter(of, userOf(account))
      ),
      notification: {
        id,
        // Without words, because the reader's language isn't known here.
        title: `${username} @ ${of?.title || room}`,
        message: excerptOf(message.message),
        url: `/chat/${encodeURIComponent(room)}/?message=${id}`,
        timestamp,
        from: username,
        room,
        person,
      },
    };
  }

  async #withdraw(withdrawal: Withdrawal): Promise<void> {
    const { kv, inboxes } = this.#parts;
    if ("username" in withdrawal) return await inboxes.withdrawFrom(withdrawal.username);
    const { value: accounts } = await kv.get<string[]>([MENTIONED, withdrawal.id]);
    for (const account of accounts ?? []) await inboxes.withdraw(account, withdrawal.id);
  }
}

function userOf({ id, displayName, role }: Account): Parameters<typeof mayEnter>[1] {
  return { id, name: displayName, isGuest: false, role };
}

/** Whether an account existed when a message was said: one made since under a name that was free means somebody else. */
function isOlder({ createdAt }: Account, { timestamp }: MessageBody): boolean {
  return createdAt <= timestamp;
}

/** Whether an account wrote a message; guests and programs may have the same name. */
function isAuthor({ displayName }: Account, { username, account }: MessageBody): boolean {
  return account === true && foldName(displayName) === foldName(username);
}

function excerptOf(message: string): string {
  const text = message.replace(/\s+/gu, " ").trim();
  const characters = [...text.slice(0, EXCERPT_LENGTH * 2)];
  return characters.length > EXCERPT_LENGTH || text.length > EXCERPT_LENGTH * 2
    ? `${characters.slice(0, EXCERPT_LENGTH - 1).join("")}…`
    : text;
}
