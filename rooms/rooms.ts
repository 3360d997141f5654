/** The open rooms of this isolate: leads into them, and brings to each what was committed or recorded for it. */
import type { Accounts } from "./access/accounts.ts";
import type { Bans } from "./access/moderation/bans.ts";
import type { ModerationEvents } from "./access/moderation/moderation_events.ts";
import type { PendingMessages } from "./access/moderation/pending_messages.ts";
import type { SlowMode } from "./access/moderation/slow_mode.ts";
import type { PermissionStore } from "./access/room_permissions.ts";
import type { PersonIds } from "./access/person_ids.ts";
import type { Peers } from "./cluster/peers.ts";
import type { ChangeFeed } from "./kv/change_feed.ts";
import type { CommittedMessage } from "./messages/commit_stream.ts";
import type { Sender } from "./messages/journal.ts";
import type { Accepted } from "./messages/resend_key.ts";
import { createMessageFactory } from "./messages/draft.ts";
import { lineOf, type Message, messageIn } from "./messages/message.ts";
import type { MessageLog } from "./messages/message_log.ts";
import { type ChangeFrame, CLOSE, FrameError, type ServerFrame } from "./protocol.ts";
import { Moderation } from "./moderation.ts";
import { Room, type RoomParts } from "./room.ts";
import type { Said } from "./room_messages.ts";
import { Speech } from "./speech.ts";
import type { Author } from "./room_entries.ts";
import type { User } from "./user.ts";

/** What a room gets from {@link Rooms} itself. */
type Own =
  | "history"
  | "journal"
  | "outbox"
  | "messageFactory"
  | "personOf"
  | "sent"
  | "line"
  | "isOwned"
  | "caughtUp"
  | "current"
  | "elsewhere"
  | "failed";

interface RoomsParts extends Omit<RoomParts, Own> {
  readonly messageLog: MessageLog;
  readonly peers: Peers;
  /** Who people are in a room's frames, and which names accounts own. */
  readonly access: {
    readonly personIds: Pick<PersonIds, "of">;
    readonly accounts: Pick<Accounts, "ownsAlike">;
    readonly roomPermissions: PermissionStore;
    readonly slowMode: SlowMode;
    readonly pendingMessages: PendingMessages;
    readonly moderationEvents: ModerationEvents;
    readonly bans: Pick<Bans, "noteAccount">;
  };
  readonly random: () => number;
  readonly timeZone: string;
  /** Reports what goes wrong, under a fixed name. */
  readonly failed: (what: string, error: unknown) => void;
  readonly changes: Pick<ChangeFeed, "isLate" | "poll" | "listen">;
}

/** Rooms exist while somebody is in them, or was a moment ago; besides, this holds only what waits for changes to be read. */
export class Rooms {
  readonly name = "rooms";
  /** What members say on its way into their room. */
  readonly speech: Speech;
  /** What hosts do. */
  readonly moderation: Moderation;
  readonly #parts: RoomParts;
  readonly #changes: RoomsParts["changes"];
  readonly #rooms = new Map<string, Room>();
  /** Reads the changes that a pause of this process made it miss. */
  #refreshing: Promise<void> | undefined;
  /** Messages that came meanwhile. */
  readonly #held: CommittedMessage[] = [];

  constructor(parts: RoomsParts) {
    const { messageLog, peers, changes, access } = parts;
    const personOf: PersonIds["of"] = (room, user) => access.personIds.of(room, user);
    this.#parts = {
      ...parts,
      history: messageLog.history,
      journal: messageLog,
      outbox: messageLog.outbox,
      messageFactory: createMessageFactory({ ...parts, personOf, after: messageLog.archive.lastId }),
      personOf,
      sent: (room, key) => messageLog.sent(room, key),
      line: (room, id) => messageLog.line(room, id),
      isOwned: (name) => access.accounts.ownsAlike(name),
      failed: (error) => parts.failed("history_failed", error),
      caughtUp: () => messageLog.caughtUp(),
      current: () => this.current(),
      elsewhere: peers,
    };
    this.#changes = changes;
    this.speech = new Speech({ ...this.#parts, ...access });
    this.moderation = new Moderation({
      ...{ ...access, messageLog, changes, messageFactory: this.#parts.messageFactory },
      now: parts.now,
      post: async (room, user, said, clientId) => (await this.post(room, user, said, clientId)).id,
      change: (room, frame, author) => this.change(room, frame, author),
      banAccount: (room, account) => access.bans.noteAccount(room, account, access.roomPermissions),
      send: (room, frame, isFor) => this.#rooms.get(room)?.send(frame, isFor),
      isOpen: (room) => this.#rooms.has(room),
    });
    messageLog.subscribe((messages) => this.deliver(messages));
    peers.serve(() => this.rooms(), {
      came: (room, user) => this.open(room)?.presence.cameElsewhere(user),
      renamed: (room, user) => this.open(room)?.presence.renamedElsewhere(user),
      went: (room, user) => this.open(room)?.presence.wentElsewhere(user),
      typing: (room, user) => this.open(room)?.presence.typesElsewhere(user),
    });
  }

  /**
   * What to wait for before anything is served from memory; `undefined`: memory is up to date. Only a process that was
   * paused has to wait: somebody may have been removed, or words deleted, meanwhile. Rejects when KV can't be read.
   */
  current(): Promise<void> | undefined {
    if (!this.#refreshing && this.#changes.isLate) {
      this.#refreshing = this.#changes.poll().finally(() => {
        this.#refreshing = undefined;
        this.#deliver(this.#held.splice(0));
      });
      this.#refreshing.catch(this.#parts.failed);
    }
    return this.#refreshing;
  }

  /** The room of that name. The caller has checked the name against `ROOM_NAME`. */
  room(name: string): Room {
    const open = this.#rooms.get(name);
    if (open) return open;
    const room: Room = new Room(name, this.#parts, () => {
      // A timer of one that was left may outlast it.
      if (this.#rooms.get(name) === room) this.#rooms.delete(name);
    });
    this.#rooms.set(name, room);
    return room;
  }

  /** The rooms that somebody is in. */
  rooms(): Iterable<Room> {
    return this.#rooms.values();
  }

  /** The room of that name, if somebody is in it. */
  open(name: string): Room | undefined {
    return this.#rooms.get(name);
  }

  /** How many rooms have somebody in them, and connections in all. */
  count(): { rooms: number; connections: number } {
    let connections = 0;
    for (const room of this.#rooms.values()) connections += room.connections;
    return { rooms: this.#rooms.size, connections };
  }

  /**
   * Says something in a room from outside it; resolves when it is durable. What is said again under the same
   * `clientId`, by the same user in the same words, is the same message. Throws {@link FrameError}.
   */
  post(name: string, user: User, said: Said, clientId?: string): Promise<Message> {
    return new Promise((resolve, reject) => {
      // Without members the room isn't kept: nothing refers to it but its messages.
      const room = this.#rooms.get(name) ?? new Room(name, this.#parts, () => {});
      const sender: Sender = {
        accepted: ({ id, seq }) => {
          const isNew = seq !== undefined && id === draft.id;
          resolve(isNew ? messageIn(lineOf(seq, draft.body)) : this.#found(name, id));
        },
        failed: () => reject(new FrameError("internal", "The message could not be stored")),
      };
      // Another process may be storing the first sending at this very moment.
      const resend = clientId === undefined ? undefined : { clientId, isDoubtful: true };
      const draft = room.say(user, said, sender, resend);
    });
  }

  /**
   * Changes a message of a room from outside it; resolves when that is durable.
   *
   * @throws {FrameError} when it is refused.
   */
  change(name: string, frame: ChangeFrame, author: Author): Promise<Accepted> {
    return new Promise((resolve, reject) => {
      const room = this.#rooms.get(name) ?? new Room(name, this.#parts, () => {});
      const sender: Sender = {
        accepted: resolve,
        failed: () => reject(new FrameError("internal", "The change could not be stored")),
      };
      this.#parts.caughtUp().then(() => room.change(frame, author, sender)).catch(reject);
    });
  }

  /** A message that is durable, as it stands now; `undefined` when it isn't there any more. */
  async message(room: string, id: string): Promise<Message | undefined> {
    await this.#parts.caughtUp();
    const line = await this.#parts.history.line(room, id);
    return line === undefined ? undefined : messageIn(line);
  }

  /** Brings messages to the members of their rooms. */
  deliver(messages: readonly CommittedMessage[]): void {
    if (this.current()) this.#held.push(...messages);
    else this.#deliver(messages);
  }

  /** Brings it to the members that these messages stand in the sheet, or were refused by it. */
  recorded(messages: Iterable<{ room: string; id: string }>, type: "recorded" | "not_recorded"): void {
    for (const [name, settled] of Map.groupBy(messages, ({ room }) => room)) {
      this.#rooms.get(name)?.recorded(settled.map(({ id }) => id), type);
    }
  }

  /** Sends the members of a room a frame that isn't a message. */
  send(room: string, frame: ServerFrame): void {
    this.#rooms.get(room)?.send(frame);
  }

  /** Finishes what hosts have decided where a process died meanwhile. */
  async tick(): Promise<void> {
    await this.moderation.tick();
  }

  async sweep(): Promise<void> {
    await this.moderation.sweep();
  }

  /** Closes every connection. Rooms that were left a moment ago tell so at once. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#rooms.values(), (room) => room.close(CLOSE.restarting, "restarting")));
  }

  async #found(room: string, id: string): Promise<Message> {
    const message = await this.message(room, id);
    if (!message) throw new FrameError("internal", "The message was deleted meanwhile");
    return message;
  }

  #deliver(messages: readonly CommittedMessage[]): void {
    for (const [name, committed] of Map.groupBy(messages, ({ room }) => room)) {
      this.#rooms.get(name)?.deliver(committed.map(({ line }) => line));
    }
  }
}
