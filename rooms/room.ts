/** A room: its members, and the path of a message through it. */
import { PresenceEvents, type RemotePresence } from "./presence/presence_events.ts";
import type { HistoryPage } from "./messages/history.ts";
import type { Sender } from "./messages/journal.ts";
import { encodeDeletion } from "./messages/entries/entry_frames.ts";
import type { Draft } from "./messages/draft.ts";
import { eventOf, isEntry, type Line } from "./messages/message.ts";
import { type Connection, Member } from "./member.ts";
import type { Claim } from "./presence/name_claims.ts";
import type { Outbox } from "./messages/outbox.ts";
import {
  type ChangeFrame,
  type ClientFrame,
  encodeFrame,
  FrameError,
  joinFrames,
  type ServerFrame,
} from "./protocol.ts";
import { type Resend, RoomMessages, type RoomMessagesParts, type Said } from "./room_messages.ts";
import { RoomHistory, type RoomHistoryParts } from "./room_history.ts";
import { type Author, RoomEntries, type RoomEntriesParts } from "./room_entries.ts";
import type { StorageGuard } from "./kv/storage_guard.ts";
import { ANONYMOUS, type User } from "./user.ts";

/** What rooms need; the same for all of them. */
export interface RoomParts
  extends RoomHistoryParts, Omit<RoomEntriesParts, "checkStorage">, Omit<RoomMessagesParts, "checkStorage"> {
  readonly outbox: Outbox;
  /** Whether an account owns a name. */
  readonly isOwned: (name: string) => Promise<boolean>;
  /** A monotonic time, in milliseconds. */
  readonly elapsed: () => number;
  /** Tells whether messages can be stored; missing: always. */
  readonly storage?: Pick<StorageGuard, "loss">;
  /** Resolves when everything that is durable by now is in the history and was sent to members. */
  readonly caughtUp: () => Promise<void>;
  /** The users whom other isolates have. */
  readonly elsewhere: RemotePresence;
  /** New messages are refused while this many wait for the sheet. */
  readonly outboxLimit: number;
}

/** Names of rooms: 1 to 64 letters (of any script, with their diacritics), digits, `_` or `-`. */
export const ROOM_NAME = /^[\p{L}\p{M}\p{N}_-]{1,64}$/u;

/** New messages are refused while more than this wait for KV, which doesn't answer or is too slow. */
const MAX_WAITING = 20_000;
/** The most waits for changes to be read while a connection joins. */
const MAX_WAITS = 3;

/** Lets connections in, takes their frames, and sends every message to every member, in one order. */
export class Room {
  readonly name: string;
  readonly #parts: RoomParts;
  readonly #members = new Set<Member>();
  /** Who is online here, and the frames about it. */
  readonly presence: PresenceEvents;
  readonly #emptied: () => void;
  readonly #entries: RoomEntries;
  readonly #messages: RoomMessages;
  readonly #history: RoomHistory;
  /** Connections that are joining. */
  #joining = 0;

  /** `emptied` is called when nobody is online any more, after the grace period for reconnecting. */
  constructor(name: string, parts: RoomParts, emptied: () => void) {
    this.name = name;
    this.#parts = parts;
    this.#emptied = emptied;
    const checkStorage = (clientId?: string): void => this.#checkStorage(clientId);
    this.#entries = new RoomEntries(name, { ...parts, checkStorage });
    this.#messages = new RoomMessages(name, { ...parts, checkStorage });
    this.#history = new RoomHistory(name, parts);
    this.presence = new PresenceEvents({
      ...parts,
      room: name,
      members: this.#members,
      personOf: (user) => parts.personOf(name, user),
      emptied: () => this.#closeIfEmpty(),
    });
  }

  /** The users with a connection at this isolate, each once. */
  get usersHere(): readonly User[] {
    return this.presence.usersHere;
  }

  /** The number of members. */
  get connections(): number {
    return this.#members.size;
  }

  /**
   * Makes a connection a member: sends it who it is here and the newest messages, or all after the message `after`;
   * from then on it gets every message, each once.
   *
   * @throws {NameHeldError} when somebody else is here under its name.
   */
  async join(connection: Connection, after: string | undefined): Promise<Member> {
    const { history } = this.#parts;
    let isHeld = false;
    let member: Member | undefined;
    let claim: Claim | undefined;
    this.#joining++;
    try {
      claim = await this.presence.claim(connection.user);
      isHeld = true;
      await history.hold(this.name);
      this.#welcome(connection, claim.user);
      if (after !== undefined && !history.knows(this.name, after)) await this.#parts.caughtUp();
      const cursor = after === undefined ? undefined : await history.behind(this.name, after);
      const person = this.#parts.personOf(this.name, claim.user);
      const changes = cursor && await this.#entries.changesBehind(cursor, person, connection);
      let rest: HistoryPage | undefined;
      // No `await` between the last read of memory and `add` below: a commit would be missed.
      for (let waits = 0;;) {
        rest = cursor ? history.rest(this.name, cursor) : history.latest(this.name);
        // Limited: if reading changes always took longer than they may be late, nobody could ever join.
        const current = waits < MAX_WAITS ? this.#parts.current() : undefined;
        if (rest && !current) break;
        if (current) {
          waits++;
          await current;
        } else if (cursor) {
          await this.#history.catchUp(connection, cursor, person);
        }
      }
      connection.send(history.frame(rest, person, changes?.frames));
      member = new Member(connection, claim.user, this.#parts.elapsed());
      // A client that reconnects may still show messages that were deleted meanwhile.
      for (const id of cursor ? history.deletedIn(this.name) : []) {
        member.sendEvent(encodeDeletion(this.name, id));
      }
      this.#members.add(member);
      this.#history.joined(member);
      if (changes) this.#entries.sendMissed(changes.upTo, member);
      this.#entries.sendPins(member);
      this.presence.opened(member);
      return member;
    } catch (error) {
      if (isHeld) history.release(this.name);
      throw error;
    } finally {
      claim?.release();
      this.#joining--;
      if (!member) this.#closeIfEmpty();
    }
  }

  /** Ends a membership: the connection has closed. */
  leave(member: Member): void {
    if (!this.#members.delete(member)) return;
    this.#history.left(member);
    this.#parts.history.release(this.name);
    this.presence.closed(member);
  }

  /**
   * Gives a member the name that it states: where somebody else has it, a guest with a badge gets another one like it.
   *
   * @throws {NameHeldError} when the name is held, and the guest has no badge.
   */
  async introduce(member: Member, user: User): Promise<User> {
    const claim = await this.presence.claim(user);
    if (this.#members.has(member) && member.user.name === ANONYMOUS) {
      this.presence.renamed(member, claim.user);
    }
    claim.release();
    return claim.user;
  }

  /**
   * Acts upon a frame of a member, who speaks as `speaker`.
   *
   * @throws {FrameError} when the frame is refused.
   */
  receive(member: Member, frame: ClientFrame, author: Author): void {
    switch (frame.type) {
      case "chat_message":
        return this.#messages.receive(member, author.user, frame);
      case "typing":
        return this.presence.typing(member);
      case "history":
        return this.#history.ask(member, frame, () => this.#members.has(member));
      case "read":
        return this.#history.read(member, frame.id);
      default:
        return this.#entries.receive(member, frame, author);
    }
  }

  /** Reads what a frame needs before it is received, such as a quoted message or files; `undefined` when nothing has to be read. */
  recall(frame: ClientFrame): Promise<unknown> | undefined {
    return this.#messages.recall(frame);
  }

  /**
   * Carries out a change of a message; the sender is notified when it is durable.
   *
   * @throws {FrameError} when it is refused.
   */
  change(frame: ChangeFrame, author: Author, sender: Sender): Promise<void> {
    return this.#entries.write(frame, author, sender);
  }

  /**
   * Adds a message to the room, from a member or from outside; `sender` is notified when it is durable.
   *
   * @throws {FrameError} when the message is refused.
   */
  say(user: User, said: Said, sender: Sender, resend?: Resend): Draft {
    return this.#messages.say(user, said, sender, resend);
  }

  /** Sends committed messages to the members, in this order. */
  deliver(lines: readonly Line[]): void {
    if (!this.#members.size) return;
    if (lines.some(isEntry)) return this.#entries.deliver(lines, this.#members);
    const events = lines.map((line) => eventOf(line));
    const joined = joinFrames(events);
    this.#parts.counters.deliveries += events.length * this.#members.size;
    for (const member of this.#members) member.send(events, joined);
  }

  /** Sends members that these messages are in the sheet, or that the sheet refused them for good. */
  recorded(ids: string[], type: "recorded" | "not_recorded"): void {
    const frame = encodeFrame({ type, ids });
    for (const member of this.#members) member.connection.send(frame);
  }

  /** Sends a frame that isn't a message to the members whom it is for: all by default. */
  send(frame: ServerFrame, isFor: (user: User) => boolean = () => true): void {
    const text = encodeFrame(frame);
    for (const member of this.#members) if (isFor(member.user)) member.sendFrame(text, frame.type);
  }

  /** Closes all connections, and resolves when they are closed. */
  async close(code: number, reason: string): Promise<void> {
    this.presence.close();
    await Promise.all(Array.from(this.#members, ({ connection }) => connection.close(code, reason)));
  }

  #closeIfEmpty(): void {
    if (!this.#joining && this.presence.isEmpty) this.#emptied();
  }

  #welcome(connection: Connection, user: User): void {
    if (!connection.takesEvents) return;
    const person = this.#parts.personOf(this.name, user);
    connection.send(encodeFrame({ type: "welcome", person, username: user.name }));
  }

  /** Checked here, because the journal answers resends without a write that would fail. */
  #checkStorage(clientId: string | undefined): void {
    const { outbox, outboxLimit, journal, storage } = this.#parts;
    if (storage?.loss) throw new FrameError("storage_lost", "Nothing can be stored at present", { clientId });
    if (outbox.depth >= outboxLimit || journal.waiting >= MAX_WAITING) {
      throw new FrameError("backpressure", "Log is full", { clientId });
    }
  }
}
