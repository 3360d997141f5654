/**
 * What accounts haven't read yet, room by room, live for those who are connected.
 *
 * A count follows from a mark and the room's messages, so it is stored nowhere and can't be wrong. Arrivals cause one count
 * for each connected account and room every {@link SEND_AFTER_MS}, not one for each message; that takes no read of KV.
 */
import type { PersonIds } from "../../access/person_ids.ts";
import { mayEnter, type PermissionStore, type RoomPermissions } from "../../access/room_permissions.ts";
import type { Channel, Post } from "../../cluster/channel.ts";
import type { Clock } from "../../clock.ts";
import { isDeletion } from "../../messages/entries/entry.ts";
import type { MessageLog } from "../../messages/message_log.ts";
import { idIn, seqIn } from "../../messages/message.ts";
import { FrameError } from "../../protocol.ts";
import type { User } from "../../user.ts";
import type { Inboxes } from "../inboxes.ts";
import { encodeRoomUnread } from "../frames.ts";
import type { WatchLevels } from "../watch/watch_levels.ts";
import { type AccountRoom, listRooms } from "./account_rooms.ts";
import { ConnectedReaders, type Reader } from "./connected_readers.ts";
import { type RoomMark, RoomMarks } from "./room_marks.ts";
import {
  countAfter,
  type CountParts,
  lastLine,
  lastMessage,
  mentionsAfter,
  type ReadUpTo,
} from "./unread_count.ts";

/** A connection of an account to a room, which is notified when the account reads there through another one. */
export interface Follower {
  readonly room: string;
  /** Called with the id of the message up to which the account has read, and how many came after it. */
  read(id: string, unread: number): void;
}

/** What {@link UnreadRooms} works with. */
export interface UnreadRoomsParts {
  readonly kv: Deno.Kv;
  readonly clock: Clock;
  readonly messageLog: Pick<MessageLog, "history" | "archive" | "subscribe" | "caughtUp">;
  /** Missing when there are no other isolates. */
  readonly channel: Channel | undefined;
  readonly roomPermissions: Pick<PermissionStore, "of">;
  readonly inboxes: Pick<Inboxes, "unreadMentions" | "markRoomRead">;
  readonly watchLevels: Pick<WatchLevels, "all">;
  /** Tells an account's own messages from those of others. */
  readonly personIds: Pick<PersonIds, "of">;
  /** Reports what went wrong, under a fixed name. */
  readonly failed: (what: string, error: unknown) => void;
}

/** Delay of counts after a message: a page that shows the room has marked it as read by then. */
const SEND_AFTER_MS = 600;

/** The rooms of accounts, and what is unread in each. */
export class UnreadRooms {
  readonly marks: RoomMarks;
  readonly #parts: UnreadRoomsParts;
  readonly #counting: CountParts;
  readonly #readers = new ConnectedReaders();
  readonly #followers = new Map<string, Set<Follower>>();
  /** Rooms with new messages whose counts aren't sent yet. */
  #arrived = new Set<string>();
  #entered: (account: string, room: string) => Promise<void> = () => Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts are sent one after the other, so that an earlier one never comes later. */
  #sending: Promise<void> = Promise.resolve();

  constructor(parts: UnreadRoomsParts) {
    this.#parts = parts;
    this.#counting = parts.messageLog;
    this.marks = new RoomMarks({
      ...parts,
      written: async (moved) => {
        for (const { account, room, seq } of moved) await parts.inboxes.markRoomRead(account, room, seq);
      },
      failed: (error) => parts.failed("room_marks_failed", error),
    });
    parts.messageLog.subscribe((messages) => {
      for (const { room, line } of messages) {
        if (!this.#readers.has(room)) continue;
        this.#arrived.add(room);
        if (isDeletion(line)) this.#readers.recount(room);
      }
      if (this.#arrived.size) this.#timer ??= setTimeout(() => this.#sendArrived(), SEND_AFTER_MS);
    });
  }

  /** The rooms that an account may enter of those in which it was, the one with the newest message first. */
  list(user: User): Promise<AccountRoom[]> {
    return listRooms({ ...this.#parts, ...this.#counting, marks: this.marks }, user);
  }

  /** Calls `entered` with an account and a room that has become one of its own. */
  onEnter(entered: (account: string, room: string) => Promise<void>): void {
    this.#entered = entered;
  }

  /** Calls `send` with a frame for each room of an account, now and when it changes. Answers a function that ends that. */
  async add(user: User, send: (frame: string) => void): Promise<() => void> {
    const reader = this.#readers.find(user.id) ?? this.#newReader(user);
    // Counts that change while the rooms are loaded are sent once, after them.
    let isLoaded = false;
    const listen = (frame: string): void => {
      if (isLoaded) send(frame);
    };
    reader.listeners.add(listen);
    const remove = (): void => {
      reader.listeners.delete(listen);
      if (!reader.listeners.size) this.#readers.remove(reader);
    };
    try {
      await reader.loading;
      isLoaded = true;
      for (const { sent } of reader.rooms.values()) if (sent !== undefined) send(sent);
      return remove;
    } catch (error) {
      remove();
      throw error;
    }
  }

  /** Makes a room one of an account's own, if it isn't yet; what was said there before counts as read. */
  async enter(account: string, room: string): Promise<void> {
    const { channel } = this.#parts;
    const last = await lastLine(this.#counting, room);
    const mark = last === undefined ? { room, seq: "", id: "" } : { room, seq: seqIn(last), id: idIn(last) };
    if (!await this.marks.enter(account, mark)) return;
    await this.#entered(account, room);
    channel?.post({ type: "room_read", account, ...mark });
    this.#apply(account, mark);
  }

  /**
   * Notes that an account has read a room up to a message.
   *
   * @throws {FrameError} when the room has no such message.
   */
  async read(account: string, room: string, id: string, by?: Follower): Promise<void> {
    const { messageLog: { history }, channel } = this.#parts;
    const line = history.recentLine(room, id);
    const seq = line ? seqIn(line) : await history.find(room, id);
    if (seq === undefined) throw new FrameError("not_found", "The room has no such message");
    const mark = { room, seq, id };
    this.marks.move(account, mark);
    channel?.post({ type: "room_read", account, ...mark });
    this.#moved(account, mark, by);
  }

  /** Calls a connection of an account when another one reads in its room. Answers a function that ends that. */
  follow(account: string, follower: Follower): () => void {
    const all = this.#followers.get(account) ?? new Set();
    this.#followers.set(account, all.add(follower));
    return () => {
      all.delete(follower);
      if (!all.size && this.#followers.get(account) === all) this.#followers.delete(account);
    };
  }

  /** To be called when the inbox of an account has changed, or what it watches, or may have. */
  accountChanged(account: string): void {
    const reader = this.#readers.find(account);
    if (reader) this.#later(() => this.#load(reader).then(() => this.#sendAll(reader)));
  }

  /** To be called when the permissions of a room have changed. */
  permissionsChanged(room: string): void {
    if (this.#readers.has(room)) this.#later(() => this.#sendRoom(room));
  }

  /** To be called when messages of a room were erased; `undefined`: maybe of any. */
  erased(room: string | undefined): void {
    for (const reader of this.#readers.all()) {
      for (const name of room === undefined ? reader.rooms.keys() : [room]) {
        this.#readers.recount(name);
        this.#later(() => this.#sendRoom(name, [reader]));
      }
    }
  }

  /** Takes what another isolate has noted. */
  receive(post: Post): void {
    if (post.type === "room_read") this.#moved(post.account, post);
    else if (post.type === "inbox") this.accountChanged(post.account);
  }

  /** Reads all marks of connected accounts again, because posts may have been lost. */
  async poll(): Promise<void> {
    for (const reader of this.#readers.all()) {
      for (const mark of await this.marks.of(reader.user.id)) this.#apply(reader.user.id, mark);
    }
  }

  /** Stores what was read. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#readers.clear();
    await this.#sending;
    await this.marks.settled();
  }

  #newReader(user: User): Reader {
    const reader = this.#readers.add(user);
    reader.loading = (async () => {
      // What is read or said meanwhile is told by what comes after this.
      for (const mark of await this.marks.of(user.id)) this.#readers.note(reader, mark);
      await this.#load(reader);
      await this.#sendAll(reader);
    })();
    return reader;
  }

  async #load(reader: Reader): Promise<void> {
    const { inboxes, watchLevels } = this.#parts;
    reader.mentions = await inboxes.unreadMentions(reader.user.id);
    reader.levels = await watchLevels.all(reader.user.id);
  }

  #apply(account: string, mark: RoomMark): void {
    const reader = this.#readers.find(account);
    if (reader && this.#readers.note(reader, mark)) this.#later(() => this.#sendRoom(mark.room, [reader]));
  }

  #readUpTo(account: string, { room, seq }: RoomMark): ReadUpTo {
    return { room, mark: seq, reader: this.#parts.personIds.of(room, { id: account, name: "" }) };
  }

  #moved(account: string, mark: RoomMark, by?: Follower): void {
    const { room, id } = mark;
    this.#apply(account, mark);
    const others = [...this.#followers.get(account) ?? []].filter((one) => one !== by && one.room === room);
    // In an empty room there is no message to have read.
    if (!others.length || !id) return;
    this.#later(async () => {
      const { unread } = await countAfter(this.#counting, this.#readUpTo(account, mark));
      for (const follower of others) follower.read(id, unread);
    });
  }

  #sendArrived(): void {
    this.#timer = undefined;
    const arrived = this.#arrived;
    this.#arrived = new Set();
    this.#later(async () => {
      for (const room of arrived) await this.#sendRoom(room);
    });
  }

  #later(send: () => Promise<void>): void {
    this.#sending = this.#sending.then(send).catch((error) => this.#parts.failed("unread_failed", error));
  }

  async #sendAll(reader: Reader): Promise<void> {
    for (const room of reader.rooms.keys()) await this.#sendRoom(room, [reader]);
  }

  /** Sends readers of a room what is unread there, if that has changed. */
  async #sendRoom(room: string, readers: Iterable<Reader> = this.#readers.of(room)): Promise<void> {
    const permissions = await this.#parts.roomPermissions.of(room);
    const last = JSON.stringify(await lastMessage(this.#counting, room) ?? null);
    for (const reader of readers) await this.#sendCount(reader, room, permissions, last);
  }

  async #sendCount(reader: Reader, room: string, permissions: RoomPermissions, last: string): Promise<void> {
    const state = reader.rooms.get(room);
    if (!state) return;
    const isAllowed = mayEnter(permissions, reader.user);
    // Who may not enter any more hears nothing of the room, but that nothing there is unread.
    if (!isAllowed && state.sent === undefined) return;
    const { mark } = state;
    state.count = await countAfter(this.#counting, this.#readUpTo(reader.user.id, mark), state.count);
    const unread = isAllowed ? state.count.unread : 0;
    const mentions = isAllowed ? mentionsAfter(reader.mentions.get(room), mark.seq) : 0;
    const level = reader.levels.of(room);
    const title = isAllowed ? permissions.title : "";
    const frame = encodeRoomUnread({ room, title, unread, mentions, level }, isAllowed ? last : "null");
    if (frame === state.sent) return;
    state.sent = frame;
    for (const send of reader.listeners) send(frame);
  }
}
