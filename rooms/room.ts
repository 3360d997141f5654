/** A room: its members, and the way of a message through it. */
import { NO_REMOTE_PRESENCE, PresenceEvents, type RemotePresence } from "./presence/presence_events.ts";
import type { Counters } from "./counters.ts";
import type { Cursor, History, HistoryPage } from "./messages/history.ts";
import type { ResendKey, Sender, Writer } from "./messages/journal.ts";
import { type Draft, eventOf, type Line, type MessageFactory } from "./messages/message.ts";
import { type Connection, Member } from "./member.ts";
import type { Claim } from "./presence/name_claims.ts";
import type { Outbox } from "./messages/outbox.ts";
import { type ClientFrame, encodeFrame, FrameError, joinFrames, type ServerFrame } from "./protocol.ts";
import type { StorageGuard } from "./kv/storage_guard.ts";
import { ANONYMOUS, type User } from "./user.ts";

/** What rooms are made of; the same for all of them. */
export interface RoomParts {
  readonly history: History;
  readonly journal: Writer;
  readonly outbox: Outbox;
  readonly messageFactory: MessageFactory;
  readonly counters: Counters;
  /** The time of day, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Who somebody is in a room's frames. */
  readonly personOf: (room: string, user: User) => string;
  /** Whether an account owns a name. */
  readonly isOwned: (name: string) => Promise<boolean>;
  /** Milliseconds, monotonic. */
  readonly elapsed: () => number;
  /** Tells whether what is said can be stored; missing: always. */
  readonly storage?: Pick<StorageGuard, "loss">;
  /** Resolves when all that is durable by now has come to the history and to the members. */
  readonly caughtUp: () => Promise<void>;
  /** What to wait for before anything is served from memory; `undefined`: nothing. */
  readonly current: () => Promise<void> | undefined;
  /** Missing when there are no other isolates. */
  readonly elsewhere?: RemotePresence;
  /** Characters; 0 = as many as a sheet's cell holds. */
  readonly maxMessageLength: number;
  /** Pending messages above which new ones are refused. */
  readonly outboxLimit: number;
  /** Called when a frame could not be acted upon through no fault of its sender. */
  readonly failed: (error: unknown) => void;
}

/** How a message is recognised when it is sent again. */
type Resend = Pick<ResendKey, "clientId" | "isDoubtful">;

type Say = ClientFrame & { type: "chat_message" };

/**
 * Letters (of any script, with their marks), digits, `_` and `-`, 1 to 64 of them.
 */
export const ROOM_NAME = /^[\p{L}\p{M}\p{N}_-]{1,64}$/u;

/** Google's limit for a cell is 50,000 characters (https://support.google.com/drive/answer/37603). */
const CELL_LENGTH = 50_000;
/** A member who came back sends again what it had no answer for; for so long another process may still be at it. */
const DOUBTFUL_MS = 60_000;
/** A body is to fit into a stored value with its other fields: escapes and UTF-8 make it longer than it looks. */
const MAX_ENCODED_BYTES = 60_000;

export class Room {
  readonly name: string;
  readonly #parts: RoomParts;
  readonly #members = new Set<Member>();
  /** Who is here, and what is told of it. */
  readonly presence: PresenceEvents;
  readonly #emptied: () => void;
  /** Connections on their way in. */
  #joining = 0;

  /** `emptied` is called when nobody is here any more, nor was a moment ago. */
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
      elsewhere: parts.elsewhere ?? NO_REMOTE_PRESENCE,
      emptied: () => this.#closeIfEmpty(),
    });
  }

  get connections(): number {
    return this.#members.size;
  }

  /**
   * Lets a connection in: it is sent who it is here, the newest messages, or all after the message `after`, and from
   * then on every message, each once. Throws `NameHeldError`.
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
      // From the last look into memory to `add` nothing may be awaited: a commit would be missed.
      let waits = 0;
      for (;;) {
        rest = cursor ? history.rest(this.name, cursor) : history.latest(this.name);
        // Where reading changes takes longer than they may be late, nobody would ever come in.
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
      // Whoever comes back may still show what was deleted meanwhile.
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

  /** The connection of a member closed. */
  leave(member: Member): void {
    if (!this.#members.delete(member)) return;
    this.#parts.history.release(this.name);
    this.presence.closed(member);
  }

  /**
   * Who a member is that states a name, from now on: where somebody else has it, a guest with a badge gets another one
   * like it. Throws `NameHeldError`.
   */
  async introduce(member: Member, user: User): Promise<User> {
    const claim = await this.presence.claim(user);
    if (this.#members.has(member) && member.user.name === ANONYMOUS) {
      this.presence.renamed(member, claim.user);
    }
    claim.release();
    return claim.user;
  }

  /** Acts upon a frame of a member, who speaks as `speaker`. Throws {@link FrameError}. */
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

  /** Says something in the room, from anywhere. Throws {@link FrameError}; `sender` is told when it is durable. */
  say(user: User, message: string, sender: Sender, resend?: Resend): Draft {
    const clientId = resend?.clientId;
    const { counters, outbox, outboxLimit, messageFactory, journal, storage } = this.#parts;
    const text = this.#checked(message, clientId);
    // Before the journal: it answers resends without writing anything.
    if (storage?.loss) throw new FrameError("storage_lost", "Nothing can be stored at present", { clientId });
    if (outbox.depth >= outboxLimit || journal.waiting >= MAX_WAITING) {
      throw new FrameError("backpressure", "Log is full", { clientId });
    }
    const draft = messageFactory.draft(this.name, user, text);
    if (draft.body.length * 3 > MAX_ENCODED_BYTES && byteLength(draft.body) > MAX_ENCODED_BYTES) {
      throw new FrameError("too_long", "Message is too long", { clientId });
    }
    const key = resend && { userId: user.id, message: text, ...resend };
    counters.messages++;
    journal.write({ draft, senders: [sender], resend: key });
    return draft;
  }

  /** Sends what was just committed to the members, in this order. */
  deliver(lines: readonly Line[]): void {
    if (!this.#members.size) return;
    const events = lines.map((line) => eventOf(line));
    const joined = joinFrames(events);
    this.#parts.counters.deliveries += events.length * this.#members.size;
    for (const member of this.#members) member.send(events, joined);
  }

  /** Tells the members that these messages now stand in the sheet, or that it refused them for good. */
  recorded(ids: string[], type: "recorded" | "not_recorded"): void {
    const frame = encodeFrame({ type, ids });
    for (const member of this.#members) member.connection.send(frame);
  }

  /** Tells the members something that isn't a message. */
  tell(frame: ServerFrame): void {
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

  /** The text as it is kept: one kind of line break, no control characters, nothing that isn't Unicode. */
  #checked(message: string, clientId: string | undefined): string {
    const text = message.toWellFormed().replace(/\r\n?/g, "\n").replace(CONTROLS, "");
    if (!text.trim()) throw new FrameError("empty", "Message is empty", { clientId });
    const most = this.#parts.maxMessageLength || CELL_LENGTH;
    if (text.length > most && (text.length > CELL_LENGTH || [...text].length > most)) {
      throw new FrameError("too_long", "Message is too long", { clientId });
    }
    return text;
  }

  /** Reads one stretch at a time for a member, however many are asked for. */
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
    for await (const stretch of history.archived(this.name, cursor)) {
      connection.send(history.frame(stretch));
      await connection.drained();
    }
  }
}

// deno-lint-ignore no-control-regex -- these are what is taken out
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** Messages on their way to KV above which new ones are refused: KV doesn't answer, or not fast enough. */
const MAX_WAITING = 20_000;
/** How often somebody who comes in waits for changes to be read. */
const MAX_WAITS = 3;
/** Requests for history that a member may have under way. */
const MAX_ASKING = 5;

const encoder = new TextEncoder();

function byteLength(text: string): number {
  return encoder.encode(text).length;
}
