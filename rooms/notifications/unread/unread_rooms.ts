/**
 * What accounts haven't read yet, room by room, live for those who are connected.
 *
 * A count follows from a mark and the room's messages, so it is stored nowhere and can't be wrong. Arrivals cause one count
 * for each connected account and room every {@link SEND_AFTER_MS}, not one for each message; that takes no read of KV.
 */
import { mayEnter, type PermissionStore, type RoomPermissions } from "../../access/room_permissions.ts";
import type { Channel, Post } from "../../cluster/channel.ts";
import type { Clock } from "../../clock.ts";
import type { MessageLog } from "../../messages/message_log.ts";
import { idIn, seqIn } from "../../messages/message.ts";
import { FrameError } from "../../protocol.ts";
import type { User } from "../../user.ts";
import type { Inboxes } from "../inboxes.ts";
import { encodeRoomUnread } from "../frames.ts";
import { type AccountLevels, DEFAULT_SETTINGS, type WatchLevels } from "../watch/watch_levels.ts";
import { type AccountRoom, listRooms } from "./account_rooms.ts";
import { type RoomMark, RoomMarks } from "./room_marks.ts";
import {
  type Count,
  countAfter,
  type CountParts,
  lastLine,
  lastMessage,
  mentionsAfter,
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
  /** Reports what went wrong, under a fixed name. */
  readonly failed: (what: string, error: unknown) => void;
}

/** A connected account. */
interface Reader {
  readonly user: User;
  /** Take frames. */
  readonly listeners: Set<(frame: string) => void>;
  readonly rooms: Map<string, { mark: RoomMark; count?: Count; sent?: string }>;
  mentions: ReadonlyMap<string, readonly string[]>;
  levels: Pick<AccountLevels, "of">;
  /** Resolves when its rooms are known. */
  loading: Promise<void>;
}

/** Counts are sent this long after a message: who has its room in view has read it by then. */
const SEND_AFTER_MS = 600;

/** The rooms of accounts, and what is unread in each. */
export class UnreadRooms {
  readonly marks: RoomMarks;
  readonly #parts: UnreadRoomsParts;
  readonly #counting: CountParts;
  readonly #readers = new Map<string, Reader>();
  /** The readers of each room. */
  readonly #byRoom = new Map<string, Set<Reader>>();
  readonly #followers = new Map<string, Set<Follower>>();
  /** Rooms to which messages came that nobody was told of. */
  #arrived = new Set<string>();
  #entered: (account: string, room: string) => Promise<void> = () => Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts are sent one after the other, so that an earlier one never comes later. */
  #telling: Promise<void> = Promise.resolve();

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
      for (const { room } of messages) if (this.#byRoom.has(room)) this.#arrived.add(room);
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
    const reader = this.#readers.get(user.id) ?? this.#newReader(user);
    reader.listeners.add(send);
    const remove = (): void => {
      reader.listeners.delete(send);
      if (reader.listeners.size || this.#readers.get(user.id) !== reader) return;
      this.#readers.delete(user.id);
      for (const room of reader.rooms.keys()) this.#leave(room, reader);
    };
    try {
      await reader.loading;
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
    const reader = this.#readers.get(account);
    if (reader) this.#later(() => this.#load(reader).then(() => this.#sendAll(reader)));
  }

  /** To be called when the permissions of a room have changed. */
  permissionsChanged(room: string): void {
    if (this.#byRoom.has(room)) this.#later(() => this.#sendRoom(room));
  }

  /** Takes what another isolate has noted. */
  receive(post: Post): void {
    if (post.type === "room_read") this.#moved(post.account, post);
    else if (post.type === "inbox") this.accountChanged(post.account);
  }

  /** Reads all marks of connected accounts again, because posts may have been lost. */
  async poll(): Promise<void> {
    for (const reader of this.#readers.values()) {
      for (const mark of await this.marks.of(reader.user.id)) this.#apply(reader.user.id, mark);
    }
  }

  /** Stores what was read. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#readers.clear();
    this.#byRoom.clear();
    await this.#telling;
    await this.marks.settled();
  }

  #newReader(user: User): Reader {
    const reader: Reader = {
      user,
      listeners: new Set(),
      rooms: new Map(),
      mentions: new Map(),
      levels: { of: () => DEFAULT_SETTINGS.level },
      loading: Promise.resolve(),
    };
    this.#readers.set(user.id, reader);
    reader.loading = (async () => {
      // What is read or said meanwhile is told by what comes after this.
      for (const mark of await this.marks.of(user.id)) this.#note(reader, mark);
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

  /** Takes a mark of a reader, unless it has a later one; answers whether it was taken. */
  #note(reader: Reader, mark: RoomMark): boolean {
    const known = reader.rooms.get(mark.room);
    if (known && known.mark.seq >= mark.seq) return false;
    if (known) known.mark = mark;
    else reader.rooms.set(mark.room, { mark });
    const readers = this.#byRoom.get(mark.room) ?? new Set();
    this.#byRoom.set(mark.room, readers.add(reader));
    return true;
  }

  #apply(account: string, mark: RoomMark): void {
    const reader = this.#readers.get(account);
    if (reader && this.#note(reader, mark)) this.#later(() => this.#sendRoom(mark.room, [reader]));
  }

  #moved(account: string, mark: RoomMark, by?: Follower): void {
    const { room, id } = mark;
    this.#apply(account, mark);
    const others = [...this.#followers.get(account) ?? []].filter((one) => one !== by && one.room === room);
    if (!others.length) return;
    this.#later(async () => {
      const { unread } = await countAfter(this.#counting, room, mark.seq);
      for (const follower of others) follower.read(id, unread);
    });
  }

  #leave(room: string, reader: Reader): void {
    const readers = this.#byRoom.get(room);
    readers?.delete(reader);
    if (!readers?.size) this.#byRoom.delete(room);
  }

  #sendArrived(): void {
    this.#timer = undefined;
    const arrived = this.#arrived;
    this.#arrived = new Set();
    this.#later(async () => {
      for (const room of arrived) await this.#sendRoom(room);
    });
  }

  #later(tell: () => Promise<void>): void {
    this.#telling = this.#telling.then(tell).catch((error) => this.#parts.failed("unread_failed", error));
  }

  async #sendAll(reader: Reader): Promise<void> {
    for (const room of reader.rooms.keys()) await this.#sendRoom(room, [reader]);
  }

  /** Sends readers of a room what is unread there, if that has changed. */
  async #sendRoom(room: string, readers: Iterable<Reader> = this.#byRoom.get(room) ?? []): Promise<void> {
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
    const { seq } = state.mark;
    state.count = await countAfter(this.#counting, room, seq, state.count);
    const unread = isAllowed ? state.count.unread : 0;
    const mentions = isAllowed ? mentionsAfter(reader.mentions.get(room), seq) : 0;
    const level = reader.levels.of(room);
    const title = isAllowed ? permissions.title : "";
    const frame = encodeRoomUnread({ room, title, unread, mentions, level }, isAllowed ? last : "null");
    if (frame === state.sent) return;
    state.sent = frame;
    for (const send of reader.listeners) send(frame);
  }
}
