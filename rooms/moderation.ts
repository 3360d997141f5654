/** What hosts do in a room: who is notified, the row in the changes, and how approved messages get into the room. */
import type { ModerationEvent, ModerationEvents } from "./access/moderation/moderation_events.ts";
import {
  type PendingMessage,
  type PendingMessages,
  viewPending,
} from "./access/moderation/pending_messages.ts";
import { mayModerate, type PermissionStore } from "./access/room_permissions.ts";
import type { Change, ChangeFeed } from "./kv/change_feed.ts";
import { type Act, quoteOf } from "./messages/entries/entry.ts";
import type { MessageFactory } from "./messages/draft.ts";
import type { MessageLog } from "./messages/message_log.ts";
import { FrameError, type ServerFrame } from "./protocol.ts";
import type { Said } from "./room_messages.ts";
import type { User } from "./user.ts";

/** What {@link Moderation} works with. */
export interface ModerationParts {
  readonly messageLog: Pick<MessageLog, "write" | "history">;
  readonly messageFactory: MessageFactory;
  readonly changes: Pick<ChangeFeed, "listen">;
  readonly roomPermissions: Pick<PermissionStore, "of">;
  readonly pendingMessages: PendingMessages;
  readonly moderationEvents: ModerationEvents;
  /** Says something in a room; answers the message's id. */
  readonly post: (room: string, user: User, said: Said, clientId: string) => Promise<string>;
  /** Sends a frame to the members of a room for whom `isFor` is true. */
  readonly send: (room: string, frame: ServerFrame, isFor: (user: User) => boolean) => void;
  /** Whether this process has a connection in a room. */
  readonly isOpen: (room: string) => boolean;
}

/** Records what hosts do, and carries out what they decide on. */
export class Moderation {
  readonly #parts: ModerationParts;

  constructor(parts: ModerationParts) {
    this.#parts = parts;
    parts.changes.listen(async (change) => {
      if (change.type === "pending" && parts.isOpen(change.room)) await this.#notify(change);
    });
  }

  /** Stores an act as an event for a day, and as a row of the changes; resolves when both are durable. */
  async record(
    room: string,
    host: User,
    { act, whom, detail }: Pick<ModerationEvent, "act" | "whom" | "detail">,
    messageId = "",
  ): Promise<void> {
    const { moderationEvents, messageFactory, messageLog } = this.#parts;
    const message = [whom, detail && `(${detail})`].filter(Boolean).join(" ");
    await moderationEvents.add(room, { act, whom, detail, by: host.name });
    const draft = messageFactory.entry(room, host, { entry: act, message_id: messageId, message });
    await new Promise<void>((resolve, reject) => {
      const failed = (): void => reject(new FrameError("internal", "The act could not be stored"));
      messageLog.write({ draft, senders: [{ accepted: () => resolve(), failed }] });
    });
  }

  /** The messages of a room that wait for approval, the oldest first. */
  async pending(room: string): Promise<PendingMessage[]> {
    const { pendingMessages } = this.#parts;
    await pendingMessages.finish(room, (message) => this.#publish(room, message));
    return await pendingMessages.list(room);
  }

  /**
   * Approves a message, which then is in the room like any other, or refuses it; answers the id that it has in the room.
   *
   * @throws {FrameError} as {@link PendingMessages.decide} does.
   */
  async decide(room: string, host: User, id: string, isApproved: boolean): Promise<string | undefined> {
    const { pendingMessages } = this.#parts;
    const before = await pendingMessages.decided(room, id);
    const publish = (message: PendingMessage): Promise<string> => this.#publish(room, message);
    const { messageId, user } = await pendingMessages.decide(room, id, isApproved, publish);
    const act: Act = isApproved ? "approved" : "refused";
    const isNew = before?.isApproved !== isApproved;
    if (isNew) await this.record(room, host, { act, whom: user.name, detail: "" }, messageId);
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
