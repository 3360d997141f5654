/** A room: its members, and the path of a message through it. */
import { PresenceEvents, type RemotePresence } from "./presence/presence_events.ts";
import type { Counters } from "./counters.ts";
import type { Cursor, History, HistoryPage } from "./messages/history.ts";
import type { ResendKey, Sender, Writer } from "./messages/journal.ts";
import { type Draft, eventOf, type Line, type MessageFactory } from "./messages/message.ts";
import { checkBody, cleanText } from "./messages/message_text.ts";
import { type Connection, Member } from "./member.ts";
import type { Claim } from "./presence/name_claims.ts";
import type { Outbox } from "./messages/outbox.ts";
import { type ClientFrame, encodeFrame, FrameError, joinFrames, type ServerFrame } from "./protocol.ts";
import type { StorageGuard } from "./kv/storage_guard.ts";
import { ANONYMOUS, type User } from "./user.ts";

/** What rooms need; the same for all of them. */
export interface RoomParts {
  readonly history: History;
  readonly journal: Writer;
  readonly outbox: Outbox;
  readonly messageFactory: MessageFactory;
  readonly counters: Counters;
  /** The time of day, in milliseconds since the epoch. */
  readonly now: () => number;
  /** A user's id in a room's frames. */
  readonly personOf: (room: string, user: User) => string;
  /** Whether an account owns a name. */
  readonly isOwned: (name: string) => Promise<boolean>;
  /** A monotonic time, in milliseconds. */
  readonly elapsed: () => number;
  /** Tells whether messages can be stored; missing: always. */
  readonly storage?: Pick<StorageGuard, "loss">;
  /** Resolves when everything that is durable by now is in the history and was sent to members. */
  readonly caughtUp: () => Promise<void>;
  /** A promise to await before anything is served from memory; `undefined`: memory is up to date. */
  readonly current: () => Promise<void> | undefined;
  /** The users whom other isolates have. */
  readonly elsewhere: RemotePresence;
  /** In characters; 0: as many as a sheet's cell holds. */
  readonly maxMessageLength: number;
  /** New messages are refused while this many wait for the sheet. */
  readonly outboxLimit: number;
  /** Called when a member's request failed through no fault of its own. */
  readonly failed: (error: unknown) => void;
}

/** How a message is recognised when it is sent again. */
type Resend = Pick<ResendKey, "clientId" | "isDoubtful">;

type Say = ClientFrame & { type: "chat_message" };

/** Names of rooms: 1 to 64 letters (of any script, with their diacritics), digits, `_` or `-`. */
export const ROOM_NAME = /^[\p{L}\p{M}\p{N}_-]{1,64}$/u;

/**
 * Members who reconnect send unanswered messages again. For this time after a member joined, the process that it was
 * connected to before may still be storing them.
 */
const DOUBTFUL_MS = 60_000;
/** Messages that wait for KV above which new ones are refused: KV doesn't answer, or not fast enough. */
const MAX_WAITING = 20_000;
/** Waits for changes to be read while a connection joins, at most. */
const MAX_WAITS = 3;
/** Unanswered requests for history of one member. */
const MAX_ASKING = 5;

/** Lets connections in, takes their frames, and sends every message to every member, in one order. */
export class Room {
  readonly name: string;
  readonly #parts: RoomParts;
  readonly #members = new Set<Member>();
  /** Who is online here, and the frames about it. */
  readonly presence: PresenceEvents;
  readonly #emptied: () => void;
  /** Connections that are joining. */
  #joining = 0;

  /** `emptied` is called when nobody is online any more, after the grace period for reconnecting. */
  constructor(name: string, parts: RoomParts, emptied: () => void) {
    this.name = name;
    this.#parts = parts;
    this.#emptied = emptied;
    this.presence = new PresenceEvents({
      room: name,
      members: this.#members,
      now: parts.now,
      personOf: (user) => parts.personOf(name, user),
      isOwned: parts.isOwned,
      elapsed: parts.elapsed,
      elsewhere: parts.elsewhere,
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
      let rest: HistoryPage | undefined;
      // No `await` between the last read of memory and `add` below: a commit would be missed.
      let waits = 0;
      for (;;) {
        rest = cursor ? history.rest(this.name, cursor) : history.latest(this.name);
        // With a limit: where reading changes always takes longer than they may be late, nobody would ever join.
        const current = waits < MAX_WAITS ? this.#parts.current() : undefined;
        if (rest && !current) break;
        if (current) {
          waits++;
          await current;
        } else if (cursor) {
          await this.#catchUp(connection, cursor);
        }
      }
      connection.send(history.frame(rest));
      member = new Member(connection, claim.user, this.#parts.elapsed());
      // A client that reconnects may still show messages that were deleted meanwhile.
      for (const id of cursor ? history.deletedIn(this.name) : []) connection.send(this.#deletion(id));
      this.#members.add(member);
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
  receive(member: Member, frame: ClientFrame, speaker: User = member.user): void {
    switch (frame.type) {
      case "chat_message":
        return this.#say(member, speaker, frame);
      case "typing":
        return this.presence.typing(member);
      case "history":
        return this.#askHistory(member, frame.before, frame.limit);
    }
  }

  /**
   * Adds a message to the room, from a member or from outside; `sender` is notified when it is durable.
   *
   * @throws {FrameError} when the message is refused.
   */
  say(user: User, message: string, sender: Sender, resend?: Resend): Draft {
    const clientId = resend?.clientId;
    const { counters, outbox, outboxLimit, messageFactory, journal, storage, maxMessageLength } = this.#parts;
    const text = cleanText(message, maxMessageLength, clientId);
    // Checked here, because the journal answers resends without a write that would fail.
    if (storage?.loss) throw new FrameError("storage_lost", "Nothing can be stored at present", { clientId });
    if (outbox.depth >= outboxLimit || journal.waiting >= MAX_WAITING) {
      throw new FrameError("backpressure", "Log is full", { clientId });
    }
    const draft = messageFactory.draft(this.name, user, text);
    checkBody(draft.body, clientId);
    const key = resend && { userId: user.id, message: text, ...resend };
    counters.messages++;
    journal.write({ draft, senders: [sender], resend: key });
    return draft;
  }

  /** Sends committed messages to the members, in this order. */
  deliver(lines: readonly Line[]): void {
    if (!this.#members.size) return;
    const events = lines.map((line) => eventOf(line));
    const joined = joinFrames(events);
    this.#parts.counters.deliveries += events.length * this.#members.size;
    for (const member of this.#members) member.send(events, joined);
  }

  /** Sends to the members that these messages are in the sheet, or that it refused them for good. */
  recorded(ids: string[], type: "recorded" | "not_recorded"): void {
    const frame = encodeFrame({ type, ids });
    for (const member of this.#members) member.connection.send(frame);
  }

  /** Sends the members a frame that isn't a message. */
  send(frame: ServerFrame): void {
    const text = encodeFrame(frame);
    for (const member of this.#members) member.connection.send(text);
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

  #say(member: Member, user: User, { message, client_id }: Say): void {
    const isDoubtful = this.#parts.elapsed() - member.since < DOUBTFUL_MS;
    this.say(
      user,
      message,
      member,
      client_id === undefined ? undefined : { clientId: client_id, isDoubtful },
    );
  }

  /** Answers a member's requests for history one at a time. */
  #askHistory(member: Member, before: string | undefined, limit: number): void {
    if (member.asking >= MAX_ASKING) {
      throw new FrameError("rate_limited", "Too many requests for history at once", { retryAfterMs: 1_000 });
    }
    member.asking++;
    member.asked = member.asked
      .then(() => this.#members.has(member) ? this.#sendHistory(member, before, limit) : undefined)
      .finally(() => member.asking--);
  }

  async #sendHistory(member: Member, before: string | undefined, limit: number): Promise<void> {
    const { history, failed } = this.#parts;
    try {
      await member.connection.drained();
      await this.#parts.current();
      member.connection.send(history.frame(await history.before(this.name, before, limit)));
    } catch (error) {
      failed(error);
      member.failed(undefined);
    }
  }

  #deletion(id: string): string {
    return encodeFrame({ type: "message_deleted", room: this.name, id });
  }

  async #catchUp(connection: Connection, cursor: Cursor): Promise<void> {
    const { history } = this.#parts;
    for await (const page of history.archived(this.name, cursor)) {
      connection.send(history.frame(page));
      await connection.drained();
    }
  }
}
