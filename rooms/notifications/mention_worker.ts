/**
 * The courier tells people that they were mentioned.
 *
 * It works off the {@link MentionOutbox}. Each step may be done again, by this process or by another one: a mention's
 * notification has the message's id, and comes only as long as the errand stands. So a killed courier loses nothing and
 * doubles nothing, and several may be at it at once.
 *
 * | key | value |
 * | --- | --- |
 * | `["mentioned", message]` | the ids of the accounts that a message mentions, for as long as they may be told |
 */
import { foldName } from "../access/account_name.ts";
import type { Account, Accounts } from "../access/accounts.ts";
import type { Withdrawal } from "../messages/deletion.ts";
import { messageInBody } from "../messages/message.ts";
import { mayEnter, type PermissionStore } from "../access/room_permissions.ts";
import { type Inboxes, MOST_ARRIVING } from "./inboxes.ts";
import { mentionedIn } from "./mention.ts";
import type { MentionJob, MentionOutbox } from "./mention_outbox.ts";
import type { Mentioner } from "./mention_quota.ts";
import { type Notification, RETENTION_DAYS } from "./notification.ts";

export interface MentionWorkerParts {
  readonly kv: Deno.Kv;
  readonly outbox: MentionOutbox;
  readonly accounts: Accounts;
  readonly rules: PermissionStore;
  readonly inboxes: Inboxes;
  /** Called when an errand could not be done; it stays. */
  readonly failed: (error: unknown) => void;
}

type Said = ReturnType<typeof messageInBody>;

const MENTIONED = "mentioned";
const LIFE_MS = (RETENTION_DAYS + 2) * 24 * 60 * 60 * 1000;
/** The members of the room come first: nobody's bell is in such a hurry. */
const DELAY_MS = 20;
/** Characters of a message that a notification shows. */
const EXCERPT_LENGTH = 200;

export class MentionWorker {
  readonly #parts: MentionWorkerParts;
  #running: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isRung = false;
  #isClosed = false;
  /** The oldest errands at the last look: if they still stand at the next one, whoever made them may be gone. */
  #seen: readonly string[] = [];

  constructor(parts: MentionWorkerParts) {
    this.#parts = parts;
    parts.outbox.listen(() => this.ring());
  }

  /** There is something to tell. */
  ring(): void {
    if (!this.#isClosed) this.#timer ??= setTimeout(() => void this.run(), DELAY_MS);
  }

  /** Runs all errands that stand by now; resolves when they are done or have failed. */
  run(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isClosed) return Promise.resolve();
    this.#isRung = true;
    return this.#running ??= this.#run().finally(() => this.#running = undefined);
  }

  /** Runs errands only if the oldest stood at the last look, too: others run their own. */
  async look(): Promise<void> {
    const seen = await this.#parts.outbox.oldest();
    const isLate = seen.some((key) => this.#seen.includes(key));
    this.#seen = seen;
    if (isLate) await this.run();
  }

  /** Begins no more errands, and resolves when the present one has ended. */
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

  /** One that can't be run must not keep the others waiting, but what it was to tell can't be taken back before. */
  async #runAll(): Promise<void> {
    let isWhole = true;
    for await (const job of this.#parts.outbox.jobs()) {
      if (this.#isClosed) return;
      if ("withdrawal" in job && !isWhole) return;
      try {
        await this.#settle(job);
      } catch (error) {
        isWhole = false;
        this.#parts.failed(error);
      }
    }
  }

  async #settle(job: MentionJob): Promise<void> {
    if ("withdrawal" in job) await this.#withdraw(job.withdrawal);
    else await this.#tell(job.bodies.map(messageInBody), job.key);
    await this.#parts.outbox.settle(job);
  }

  async #tell(messages: readonly Said[], job: Deno.KvKey): Promise<void> {
    const { kv, inboxes } = this.#parts;
    const due: Record<Mentioner, Map<string, Notification[]>> = { guest: new Map(), account: new Map() };
    for (const message of messages) {
      const { accounts, notification } = await this.#mentionOf(message);
      if (!accounts.length) continue;
      const ids = accounts.map(({ id }) => id);
      // First, so that nobody is told of a message who couldn't be found when it is taken back.
      await kv.set([MENTIONED, message.id], ids, { expireIn: LIFE_MS });
      const of = due[message.account ? "account" : "guest"];
      for (const id of ids) of.set(id, [...of.get(id) ?? [], notification]);
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

  /** Whom a message has to be told to, and what. */
  async #mentionOf(message: Said): Promise<{ accounts: Account[]; notification: Notification }> {
    const { accounts, rules } = this.#parts;
    const { id, room, username, timestamp } = message;
    const named = await mentionedIn(message.message, (text, mayEnd) => accounts.longestName(text, mayEnd));
    const of = named.length ? await rules.of(room) : undefined;
    return {
      accounts: named.filter((account) => of && !isAuthor(account, message) && mayEnter(of, userOf(account))),
      notification: {
        id,
        // In any language, because the reader's isn't known here.
        title: `${username} @ ${of?.title || room}`,
        message: excerptOf(message.message),
        url: `/chat/${encodeURIComponent(room)}/?message=${id}`,
        timestamp,
        from: username,
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

/** Guests and programs may be called like anybody. */
function isAuthor({ displayName }: Account, { username, account }: Said): boolean {
  return account === true && foldName(displayName) === foldName(username);
}

function excerptOf(message: string): string {
  const text = message.replace(/\s+/gu, " ").trim();
  const characters = [...text.slice(0, EXCERPT_LENGTH * 2)];
  return characters.length > EXCERPT_LENGTH || text.length > EXCERPT_LENGTH * 2
    ? `${characters.slice(0, EXCERPT_LENGTH - 1).join("")}…`
    : text;
}
