/** Edits, deletions, reactions and pins in a room: who may make them, and the frames that members get. */
import type { Cursor, History } from "./messages/history.ts";
import type { Sender, Writer } from "./messages/journal.ts";
import type { Accepted, ResendKey } from "./messages/resend_key.ts";
import { type Change, type Entry, entryIn, withFiles } from "./messages/entries/entry.ts";
import { concernsPins, entryFrame, pinsFrame } from "./messages/entries/entry_frames.ts";
import type { MessageFactory } from "./messages/draft.ts";
import { eventOf, fieldsIn, isDeleted, isEntry, type Line, revised } from "./messages/message.ts";
import { checkBody, cleanText } from "./messages/message_text.ts";
import { MAX_PINS } from "./messages/entries/pins.ts";
import { emojiIn, hasReaction, reactionRefusal } from "./messages/entries/reactions.ts";
import type { Counters } from "./counters.ts";
import type { Connection, Member } from "./member.ts";
import { type ChangeFrame, FrameError, joinFrames } from "./protocol.ts";
import { isTellable, type User } from "./user.ts";

/** Who does something to a message. */
export interface Author {
  readonly user: User;
  /** Whether the room is theirs: they delete others' messages, and pin. */
  readonly mayModerate: boolean;
}

/** What {@link RoomEntries} works with. */
export interface RoomEntriesParts {
  readonly history: History;
  readonly journal: Writer;
  /** A durable message in its present state; `undefined`: the room has none of this id. */
  readonly line: (room: string, id: string) => Promise<Line | undefined>;
  readonly messageFactory: MessageFactory;
  readonly personOf: (room: string, user: User) => string;
  /** The time of day, in milliseconds since the epoch. */
  readonly now: () => number;
  /** The answer to a message or entry that was sent before; `undefined` for a new one. */
  readonly sent: (room: string, key: ResendKey) => Promise<Accepted | undefined>;
  /** In characters; 0: as many as a sheet's cell holds. */
  readonly maxMessageLength: number;
  /** The time in which authors may edit and delete their messages, in minutes; 0: never. */
  readonly editMinutes: number;
  /**
   * @throws {FrameError} when nothing can be stored at present.
   */
  readonly checkStorage: (clientId: string | undefined) => void;
  readonly counters: Counters;
  readonly failed: (error: unknown) => void;
}

/** The most entries in `changes`: a client that missed more has to read its history anew. */
const MAX_CHANGES = 2_000;
/** The most changes of one member without an answer. */
const MAX_CHANGING = 50;
const MINUTE_MS = 60_000;

/** Writes the entries of one room, and sends them to its members. */
export class RoomEntries {
  readonly #room: string;
  readonly #parts: RoomEntriesParts;
  /** Frames that had to wait for the archive, sent one after the other. */
  #late: Promise<void> = Promise.resolve();

  constructor(room: string, parts: RoomEntriesParts) {
    this.#room = room;
    this.#parts = parts;
  }

  /**
   * Carries out a change; the sender is notified when it is durable. A change that is sent again under the same client id
   * is the same one.
   *
   * @throws {FrameError} when it is refused.
   */
  async write(frame: ChangeFrame, author: Author, sender: Sender): Promise<void> {
    const { journal, messageFactory, sent } = this.#parts;
    const { id, client_id: clientId } = frame;
    const change = changeOf(frame, this.#parts.maxMessageLength);
    this.#parts.checkStorage(clientId);
    const key = clientId === undefined
      ? undefined
      : { userId: author.user.id, clientId, message: JSON.stringify(change), isDoubtful: true };
    const line = await this.#parts.line(this.#room, id);
    const refusal = this.#refusalOf(change, line, author);
    const isDone = line !== undefined && !refusal && this.#isDone(change, line, author.user);
    if (refusal || isDone) {
      // It may be so because of the first sending.
      const first = key && await sent(this.#room, key);
      if (!first && refusal) throw new FrameError(...refusal, { clientId });
      return sender.accepted(first ?? fieldsIn(line as Line), key);
    }
    if (line && change.entry === "edited") checkBody(revised(line, { message: change.message }), clientId);
    const draft = messageFactory.entry(this.#room, author.user, withFiles(change, line));
    journal.write({ draft, senders: [sender], resend: key });
  }

  /**
   * Carries out a member's changes one at a time, and answers each.
   *
   * @throws {FrameError} when too many have no answer yet.
   */
  receive(member: Member, frame: ChangeFrame, author: Author): void {
    const clientId = frame.client_id;
    if (member.changing >= MAX_CHANGING) {
      throw new FrameError("rate_limited", "Too many changes at once", { clientId, retryAfterMs: 1_000 });
    }
    member.changing++;
    member.changed = member.changed
      .then(() => this.write(frame, author, member))
      .catch((error) => this.#refuse(member, error, clientId))
      .finally(() => member.changing--);
  }

  /** Sends messages and entries to members; clients that don't know entries get only the messages. */
  deliver(lines: readonly Line[], members: ReadonlySet<Member>): void {
    const all: string[] = [];
    const messages: string[] = [];
    for (const line of lines) {
      const frame = isEntry(line) ? this.#frameNow(entryIn(line)) : eventOf(line);
      if (frame !== undefined) all.push(frame);
      if (frame !== undefined && !isEntry(line)) messages.push(frame);
    }
    this.#parts.counters.deliveries += messages.length * members.size;
    const [joinedAll, joinedMessages] = [joinFrames(all), joinFrames(messages)];
    for (const member of members) {
      if (member.connection.takesEvents && all.length) member.send(all, joinedAll);
      else if (!member.connection.takesEvents && messages.length) member.send(messages, joinedMessages);
    }
    this.#deliverLate(lines.filter(isEntry).map(entryIn), members);
  }

  /** Sends a new member what came after the entry `seq`, while it was joining. */
  sendMissed(seq: string, member: Member): void {
    const { history } = this.#parts;
    const entries = history.entries(this.#room).recent.filter((entry) => entry.seq > seq);
    if (!entries.length) return;
    this.#later(async () => {
      for (const entry of entries) {
        const frame = await this.#frameOf(entry);
        if (frame) member.sendEvent(frame);
      }
    });
  }

  /** Sends a new member what is pinned, if anything ever was. */
  sendPins(member: Member): void {
    if (!this.#parts.history.entries(this.#room).pins.id) return;
    this.#later(async () => member.sendEvent(await this.#pinsFrame()));
  }

  /**
   * The frames of what was done to messages after the cursor, one for each message, and the `seq` of the last entry among
   * it.
   */
  async changesBehind(
    cursor: Cursor,
    reader: string,
    { takesEvents }: Pick<Connection, "takesEvents">,
  ): Promise<{ frames: string[]; upTo: string } | undefined> {
    if (!takesEvents) return undefined;
    const entries = await this.#parts.history.entriesBehind(this.#room, cursor);
    // The last entry of each kind tells all: frames have the present state.
    const last = new Map(entries.map((entry) => [`${kindOf(entry)} ${entry.message_id}`, entry]));
    const frames: string[] = [];
    for (const entry of [...last.values()].slice(-MAX_CHANGES)) {
      const frame = await this.#frameOf(entry, reader);
      if (frame) frames.push(frame);
    }
    return { frames, upTo: entries.at(-1)?.seq ?? cursor.seen };
  }

  /** Sends what needs the archive: changes of messages that aren't in memory, and pins. */
  #deliverLate(entries: readonly Entry[], members: ReadonlySet<Member>): void {
    const { history } = this.#parts;
    const pins = history.entries(this.#room).pins;
    const late = entries.filter(({ entry, message_id }) =>
      message_id && entry !== "deleted" && history.recentLine(this.#room, message_id) === undefined
    );
    const changesPins = entries.some((entry) => concernsPins(entry, pins) || entry.seq === pins.seq);
    if (!late.length && !changesPins) return;
    this.#later(async () => {
      const frames = await Promise.all(late.map((entry) => this.#frameOf(entry)));
      if (changesPins) frames.push(await this.#pinsFrame());
      for (const frame of frames) for (const member of members) if (frame) member.sendEvent(frame);
    });
  }

  #refuse(member: Member, error: unknown, clientId: string | undefined): void {
    const { counters, failed } = this.#parts;
    if (error instanceof FrameError) counters.refuse(error.code);
    else failed(error);
    const internal = new FrameError("internal", "Internal server error", { clientId });
    member.refuse(error instanceof FrameError ? error : internal);
  }

  #later(work: () => Promise<void>): void {
    this.#late = this.#late.then(work).catch(this.#parts.failed);
  }

  #frameNow(entry: Entry): string | undefined {
    return entryFrame(entry, this.#parts.history.recentLine(this.#room, entry.message_id));
  }

  async #frameOf(entry: Entry, reader?: string): Promise<string | undefined> {
    if (kindOf(entry) === "pins" || !entry.message_id) return undefined;
    const line = entry.entry === "deleted"
      ? undefined
      : await this.#parts.history.line(this.#room, entry.message_id);
    return entryFrame(entry, line, reader);
  }

  async #pinsFrame(): Promise<string> {
    const { history } = this.#parts;
    const pins = history.entries(this.#room).pins;
    const lines = await Promise.all(pins.messages.map((id) => history.line(this.#room, id)));
    return pinsFrame(this.#room, pins, lines.filter((line) => line !== undefined));
  }

  /** Why a change is refused: code and sentence; `undefined`: it isn't. */
  #refusalOf(change: Change, line: Line | undefined, author: Author): Refusal | undefined {
    const { history, editMinutes, now } = this.#parts;
    if (line === undefined || isDeleted(line)) return ["not_found", "The room has no such message"];
    const { entry } = change;
    if (entry === "reacted") {
      const refusal = reactionRefusal(line, change.emoji);
      return refusal && !this.#isDone(change, line, author.user) ? ["invalid_frame", refusal] : undefined;
    }
    if (entry === "unreacted") return undefined;
    if (entry === "pinned" || entry === "unpinned") {
      if (!author.mayModerate) return ["not_allowed", "Only the room's creator and admins may pin messages"];
      const isFull = entry === "pinned" && history.entries(this.#room).pins.messages.length >= MAX_PINS;
      return isFull ? ["not_allowed", `At most ${MAX_PINS} messages can be pinned`] : undefined;
    }
    if (entry === "deleted" && author.mayModerate) return undefined;
    const { person, timestamp } = fieldsIn(line);
    if (!isTellable(author.user) || person !== this.#parts.personOf(this.#room, author.user)) {
      return ["not_allowed", "Only its author may do this to a message"];
    }
    const age = now() - Date.parse(timestamp);
    return age > editMinutes * MINUTE_MS
      ? ["too_late", `Messages can be changed for ${editMinutes} minutes after they were sent`]
      : undefined;
  }

  /** Whether a change would change nothing. */
  #isDone(change: Change, line: Line, user: User): boolean {
    const isPinned = (): boolean =>
      this.#parts.history.entries(this.#room).pins.messages.includes(change.message_id);
    switch (change.entry) {
      case "reacted":
      case "unreacted": {
        const person = this.#parts.personOf(this.#room, user);
        return hasReaction(line, change.emoji, person) === (change.entry === "reacted");
      }
      case "pinned":
        return isPinned();
      case "unpinned":
        return !isPinned();
      default:
        return false;
    }
  }
}

type Refusal = [code: "not_found" | "not_allowed" | "too_late" | "invalid_frame", message: string];

/**
 * What a frame asks for.
 *
 * @throws {FrameError} for a text or an emoji that can't be taken.
 */
function changeOf(frame: ChangeFrame, maxLength: number): Change {
  const { id: message_id, client_id: clientId } = frame;
  switch (frame.type) {
    case "edit_message":
      return { entry: "edited", message_id, message: cleanText(frame.message, maxLength, clientId) };
    case "delete_message":
      return { entry: "deleted", message_id };
    case "pin_message":
      return { entry: frame.on ? "pinned" : "unpinned", message_id };
    case "react": {
      const emoji = emojiIn(frame.emoji);
      if (!emoji) throw new FrameError("invalid_frame", `"emoji" must be one emoji`, { clientId });
      return { entry: frame.on ? "reacted" : "unreacted", message_id, emoji };
    }
  }
}

/** A key for entries of one kind on one message: the frame of the last one covers them all. */
function kindOf({ entry }: Entry): string {
  if (entry === "reacted" || entry === "unreacted") return "reactions";
  return entry === "pinned" || entry === "unpinned" ? "pins" : "text";
}
