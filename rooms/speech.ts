/**
 * Checks what members send against the rules of their room (mutes, slow mode, blocked words, approval) before the room takes
 * it.
 */
import type { PendingMessages } from "./access/moderation/pending_messages.ts";
import type { SlowMode } from "./access/moderation/slow_mode.ts";
import { fileRefusal, hasSpeechRules, speechRefusal } from "./access/moderation/speech_rules.ts";
import type { RoomPermissions } from "./access/room_permissions.ts";
import type { Member } from "./member.ts";
import { cleanText } from "./messages/message_text.ts";
import type { Accepted, ResendKey } from "./messages/resend_key.ts";
import { type ClientFrame, encodeFrame, FrameError, isWriting, type WritingFrame } from "./protocol.ts";
import type { Room } from "./room.ts";
import { resendKeyOf } from "./room_messages.ts";
import type { Author } from "./room_entries.ts";
import type { User } from "./user.ts";

/** What {@link Speech} works with. */
export interface SpeechParts {
  readonly personOf: (room: string, user: User) => string;
  readonly slowMode: SlowMode;
  readonly pendingMessages: PendingMessages;
  /** The answer to a message that was sent before; `undefined` for a new one. */
  readonly sent: (room: string, key: ResendKey) => Promise<Accepted | undefined>;
  /** In characters; 0: as many as a sheet's cell holds. */
  readonly maxMessageLength: number;
  /** The time of day, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly failed: (error: unknown) => void;
}

/** Applies the rules of rooms to what members say. */
export class Speech {
  readonly #parts: SpeechParts;

  constructor(parts: SpeechParts) {
    this.#parts = parts;
  }

  /**
   * Passes a frame on to the room, or to the hosts who approve messages.
   *
   * @throws {FrameError} when it is refused at once; other refusals go to the member.
   */
  receive(
    room: Room,
    member: Member,
    frame: ClientFrame,
    author: Author,
    permissions: RoomPermissions,
  ): void {
    if (author.mayModerate || !isWriting(frame) || !hasSpeechRules(permissions)) {
      return room.receive(member, frame, author);
    }
    const { slowMode, now } = this.#parts;
    const { slowModeSeconds = 0, needsApproval } = permissions;
    const person = this.#parts.personOf(room.name, author.user);
    const mayAt = slowMode.mayAt(room.name, person, slowModeSeconds);
    const refusal = speechRefusal(permissions, frame, { person, mayAt, now: now() });
    if (refusal) return this.#refuse(refusal, room, member, frame, author);
    if (frame.type === "chat_message" && needsApproval) {
      const refused = frame.files?.length &&
        fileRefusal(permissions, { person, now: now() }, frame.client_id);
      if (refused) throw refused;
      const text = cleanText(frame.message, this.#parts.maxMessageLength, frame.client_id);
      this.#answer(member, frame, () => this.#hold(room, member, { ...frame, message: text }, author));
    } else room.receive(member, frame, author);
    if (slowModeSeconds && frame.type === "chat_message") slowMode.note(room.name, person, now());
  }

  /** Refuses a message, unless it was accepted before and its sender missed the answer. */
  #refuse(refusal: FrameError, room: Room, member: Member, frame: WritingFrame, author: Author): void {
    if (frame.type !== "chat_message" || frame.client_id === undefined) throw refusal;
    this.#answer(member, frame, async () => {
      const [first, key] = await this.#sent(room, frame, author);
      if (!first) throw refusal;
      member.accepted(first, key);
    });
  }

  async #hold(
    room: Room,
    member: Member,
    frame: WritingFrame & { type: "chat_message" },
    author: Author,
  ): Promise<void> {
    const { client_id: clientId, message, reply_to: replyTo } = frame;
    const [first, key] = await this.#sent(room, frame, author);
    if (first) return member.accepted(first, key);
    const { standing: _, ...user } = author.user;
    const person = this.#parts.personOf(room.name, user);
    const id = await this.#parts.pendingMessages.add(room.name, { user, person, message, replyTo, clientId });
    member.connection.send(encodeFrame({ type: "pending", client_id: clientId, id }));
  }

  async #sent(
    room: Room,
    { client_id: clientId, message, files }: WritingFrame & { type: "chat_message" },
    { user }: Author,
  ): Promise<[first: Accepted | undefined, key: ResendKey | undefined]> {
    if (clientId === undefined) return [undefined, undefined];
    const isText = message.trim() !== "" || !files?.length;
    const text = isText ? cleanText(message, this.#parts.maxMessageLength, clientId) : "";
    const key = resendKeyOf(user, text, files, { clientId });
    return [await this.#parts.sent(room.name, key), key];
  }

  #answer(member: Member, { client_id: clientId }: WritingFrame, act: () => Promise<void>): void {
    act().catch((error) => {
      if (error instanceof FrameError) return member.refuse(error);
      this.#parts.failed(error);
      member.refuse(new FrameError("internal", "Internal server error", { clientId }));
    });
  }
}
