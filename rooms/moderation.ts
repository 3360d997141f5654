/** What hosts do in a room: who is notified, which row it becomes, and how a message that they approve gets into the room. */
import { decodeTime } from "ulid";
import {
  type HostAct,
  type ModerationEvents,
  type OpenAct,
  rowIdOf,
} from "./access/moderation/moderation_events.ts";
import {
  type PendingMessage,
  type PendingMessages,
  viewPending,
} from "./access/moderation/pending_messages.ts";
import { mayModerate, type PermissionStore } from "./access/room_permissions.ts";
import type { Change, ChangeFeed } from "./kv/change_feed.ts";
import { quoteOf } from "./messages/entries/entry.ts";
import type { MessageFactory } from "./messages/draft.ts";
import { fieldsIn, isDeleted } from "./messages/message.ts";
import type { MessageLog } from "./messages/message_log.ts";
import { type ChangeFrame, FrameError, type ServerFrame } from "./protocol.ts";
import type { Author } from "./room_entries.ts";
import type { Said } from "./room_messages.ts";
import type { User } from "./user.ts";

/** What {@link Moderation} works with. */
export interface ModerationParts {
  readonly messageLog: Pick<MessageLog, "write" | "history" | "archive">;
  readonly messageFactory: MessageFactory;
  readonly changes: Pick<ChangeFeed, "listen">;
  readonly roomPermissions: Pick<PermissionStore, "of">;
  readonly pendingMessages: PendingMessages;
  readonly moderationEvents: ModerationEvents;
  /** Says something in a room; answers the message's id. */
  readonly post: (room: string, user: User, said: Said, clientId: string) => Promise<string>;
  /** Changes a message from outside its room. */
  readonly change: (room: string, frame: ChangeFrame, author: Author) => Promise<unknown>;
  /** Notes in a room's permissions that an account is banned, if it still is. */
  readonly banAccount: (room: string, account: string) => Promise<unknown>;
  /** The time of day, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Sends a frame to the members of a room whom it is for. */
  readonly send: (room: string, frame: ServerFrame, isFor: (user: User) => boolean) => void;
  /** Whether this process has a connection in a room. */
  readonly isOpen: (room: string) => boolean;
}

/** Ticks between two looks for acts whose process died. */
const SWEEP_EVERY_TICKS = 15;
/** By then an act is finished, unless its process has died. */
const LATE_MS = 10_000;
/** Deletions that are made at the same time; they share commits. */
const DELETED_AT_ONCE = 100;

/**
 * Carries out what hosts decide. Each act is durable before anything comes of it: a process that dies leaves nothing half
 * done, as another one finishes it.
 */
export class Moderation {
  readonly #parts: ModerationParts;
  #ticks = 0;

  constructor(parts: ModerationParts) {
    this.#parts = parts;
    parts.changes.listen(async (change) => {
      if (change.type === "pending" && parts.isOpen(change.room)) await this.#notify(change);
    });
  }

  /**
   * Does what a host has decided: `commit` makes the commit that does it, or begins to, and adds the act to it by `note`.
   * Resolves when all of it is done, and its row is durable.
   */
  async act<T>(
    room: string,
    host: User,
    commit: (note: (commit: Deno.AtomicOperation, act: HostAct) => void) => Promise<T>,
  ): Promise<T> {
    let act: OpenAct | undefined;
    const answer = await commit((commit, given) => {
      act = this.#parts.moderationEvents.add(commit, room, host, given);
    });
    if (act) await this.#finish(act);
    return answer;
  }

  /**
   * Approves a message, which then is in the room like any other, or refuses it; answers the id that it has in the room.
   *
   * @throws {FrameError} as {@link PendingMessages.decide} does.
   */
  async decide(room: string, host: User, id: string, isApproved: boolean): Promise<string | undefined> {
    const { pendingMessages } = this.#parts;
    const act = isApproved ? "approved" : "refused";
    await this.act(room, host, (note) =>
      pendingMessages.decide(room, id, isApproved, (commit, { user }) => {
        note(commit, { act, whom: user.name, detail: "", pending: id });
      }));
    return isApproved ? await this.#messageIdOf(room, id) : undefined;
  }

  /** Deletes all that one person said in a room, once it is durable that this is to be; answers how many messages that were. */
  async deleteAll(room: string, host: User, whose: NonNullable<HostAct["whose"]>): Promise<number> {
    const said = await this.#saidBy(room, whose);
    if (!said.length) return 0;
    const [{ username: whom }] = said;
    const detail = String(said.length);
    const act = { act: "deleted_all" as const, whom, detail, whose };
    await this.#finish(await this.#parts.moderationEvents.begin(room, host, act));
    return said.length;
  }

  /** To be called every 2 s: finishes acts whose process died. */
  async tick(): Promise<void> {
    if (this.#ticks++ % SWEEP_EVERY_TICKS === 0) await this.sweep(LATE_MS);
  }

  /** Finishes the acts that are older than this; one that can't be finished keeps no other waiting. */
  async sweep(olderThanMs = 0): Promise<void> {
    const { moderationEvents, now } = this.#parts;
    const errors: unknown[] = [];
    for (const act of await moderationEvents.open()) {
      if (now() - decodeTime(act.id) < olderThanMs) continue;
      await this.#finish(act).catch((error) => errors.push(error));
    }
    if (errors.length) throw errors[0];
  }

  /** Does what is left of an act, and writes its row; both happen once, however often this is called, and wherever. */
  async #finish(act: OpenAct): Promise<void> {
    const { moderationEvents, messageFactory, messageLog } = this.#parts;
    const { id, room, host, whom, detail } = act;
    if (!await moderationEvents.isOpen(act)) return;
    const message_id = await this.#carryOut(act) ?? "";
    const message = [whom, detail && `(${detail})`].filter(Boolean).join(" ");
    const draft = messageFactory.entry(room, host, { entry: act.act, message_id, message });
    const resend = { userId: host.id, clientId: rowIdOf({ id }), message, isDoubtful: true };
    await new Promise<void>((resolve, reject) => {
      const failed = (): void => reject(new FrameError("internal", "The act could not be stored"));
      messageLog.write({ draft, resend, senders: [{ accepted: () => resolve(), failed }] });
    });
  }

  /** Does what an act's own commit can't hold; answers the message that it is about, if there is one. */
  async #carryOut({ id, room, host, act, pending, account, whose }: OpenAct): Promise<string | undefined> {
    if (act === "approved" && pending) return await this.#messageIdOf(room, pending);
    if (act === "banned" && account) await this.#parts.banAccount(room, account);
    if (act !== "deleted_all" || !whose) return undefined;
    // What they said since then, maybe before another process has taken over, stays.
    const said = (await this.#saidBy(room, whose)).map((message) => message.id).filter((said) => said < id);
    const { change, messageLog } = this.#parts;
    for (let i = 0; i < said.length; i += DELETED_AT_ONCE) {
      const frames = said.slice(i, i + DELETED_AT_ONCE).map((message) => ({
        type: "delete_message" as const,
        id: message,
        client_id: rowIdOf({ id }),
      }));
      await Promise.all(frames.map((frame) => change(room, frame, { user: host, mayModerate: true })));
    }
    await messageLog.archive.advance();
  }

  /** The messages of a person that aren't deleted. */
  async #saidBy(
    room: string,
    whose: NonNullable<HostAct["whose"]>,
  ): Promise<{ id: string; username: string }[]> {
    const { archive } = this.#parts.messageLog;
    // What is in no page yet would be missed.
    await archive.advance();
    const said: { id: string; username: string }[] = [];
    for await (const page of archive.pagesFrom(room, "")) {
      for (const line of page.filter((line) => !isDeleted(line))) {
        const { id, username, person } = fieldsIn(line);
        if ("person" in whose ? person === whose.person : username === whose.username) {
          said.push({ id, username });
        }
      }
    }
    return said;
  }

  /** The message that an approved one has become: it is written unless it was. */
  async #messageIdOf(room: string, id: string): Promise<string | undefined> {
    const { pendingMessages } = this.#parts;
    const decided = await pendingMessages.decided(room, id);
    if (!decided || decided.messageId) return decided?.messageId;
    const messageId = await this.#publish(room, decided);
    await pendingMessages.published(room, decided, messageId);
    return messageId;
  }

  async #publish(room: string, { id, user, message, replyTo, clientId }: PendingMessage): Promise<string> {
    const { messageLog: { history }, post } = this.#parts;
    const quoted = replyTo === undefined ? undefined : await history.line(room, replyTo);
    const said = { message, replyTo: quoted === undefined ? undefined : quoteOf(quoted), clientId };
    return await post(room, user, said, clientId ?? `pending/${id}`);
  }

  /** Notifies hosts of a message that waits; hosts and its author of a decision. */
  async #notify({ room, id }: Change & { type: "pending" }): Promise<void> {
    const { pendingMessages, roomPermissions, send } = this.#parts;
    const permissions = await roomPermissions.of(room);
    const isHost = (user: User): boolean => mayModerate(permissions, user);
    const waiting = await pendingMessages.waiting(room, id);
    if (waiting) return send(room, { type: "pending_message", ...viewPending(room, waiting) }, isHost);
    const decided = await pendingMessages.decided(room, id);
    // An approved message is announced once it is written.
    if (!decided || (decided.isApproved && !decided.messageId)) return;
    const { user, clientId: client_id, isApproved: approved, messageId: message_id } = decided;
    const frame = { type: "pending_decided" as const, id, room, client_id, approved, message_id };
    send(room, frame, (other) => other.id === user.id || isHost(other));
  }
}
