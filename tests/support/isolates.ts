/** The rooms of several isolates on one database, in one process, without sockets and sheets. */
import { FileLinks } from "../../rooms/files/file_links.ts";
import { openFiles } from "../../rooms/files/open_files.ts";
import { readConfig } from "../../routes/config.ts";
import { systemClock } from "../../rooms/clock.ts";
import { PersonIds } from "../../rooms/access/person_ids.ts";
import { ChangeFeed } from "../../rooms/kv/change_feed.ts";
import { Counters } from "../../rooms/counters.ts";
import { messageIn } from "../../rooms/messages/message.ts";
import { ModerationEvents } from "../../rooms/access/moderation/moderation_events.ts";
import { PendingMessages } from "../../rooms/access/moderation/pending_messages.ts";
import { SlowMode } from "../../rooms/access/moderation/slow_mode.ts";
import { PermissionStore } from "../../rooms/access/room_permissions.ts";
import { Inboxes } from "../../rooms/notifications/inboxes.ts";
import { WatchLevels } from "../../rooms/notifications/watch/watch_levels.ts";
import { UnreadRooms } from "../../rooms/notifications/unread/unread_rooms.ts";
import { MessageLog } from "../../rooms/messages/message_log.ts";
import { Rooms } from "../../rooms/rooms.ts";
import { Lifecycle } from "../../rooms/lifecycle.ts";
import type { Post } from "../../rooms/cluster/channel.ts";
import { Peers } from "../../rooms/cluster/peers.ts";
import { retryWhenLocked } from "../../rooms/kv/retry_when_locked.ts";
import { untraced } from "../../rooms/trace.ts";
import { guest } from "../../rooms/user.ts";
import type { Bus } from "../fakes/bus.ts";
import { temporaryDirectory } from "./service.ts";

/** Makes the commits that bring messages. */
type MakeCommit = (commit: () => Promise<Deno.KvCommitResult | Deno.KvCommitError>) => Promise<
  Deno.KvCommitResult | Deno.KvCommitError
>;

/** The rooms of one isolate. */
export interface Isolate {
  readonly messageLog: MessageLog;
  readonly rooms: Rooms;
  readonly changes: ChangeFeed;
  readonly unreadRooms: UnreadRooms;
  stop(): Promise<void>;
}

export interface Isolates extends AsyncDisposable {
  readonly all: readonly Isolate[];
  /** The database that they share. */
  readonly kvPath: string;
  /** How the first isolate, which leads, makes commits from now on. */
  commit: MakeCommit;
  /** Ends one as if it were killed, as far as posts can tell. */
  end(isolate: Isolate): Promise<void>;
}

export async function openIsolates(count: number, bus: Bus): Promise<Isolates> {
  const directory = await temporaryDirectory();
  const open = new Map<Isolate, Deno.Kv>();
  const isolates: Isolates = {
    all: [],
    kvPath: `${directory.path}/t.db`,
    commit: (commit) => commit(),
    async end(isolate) {
      await isolate.stop();
      open.get(isolate)?.close();
      open.delete(isolate);
    },
    async [Symbol.asyncDispose]() {
      for (const isolate of open.keys()) await isolates.end(isolate);
      await directory[Symbol.asyncDispose]();
    },
  };
  for (let i = 0; i < count; i++) {
    const kv = retryWhenLocked(await Deno.openKv(isolates.kvPath));
    const isolate = await openIsolate(i === 0 ? watched(kv, (commit) => isolates.commit(commit)) : kv, bus);
    open.set(isolate, kv);
    (isolates.all as Isolate[]).push(isolate);
  }
  return isolates;
}

async function openIsolate(kv: Deno.Kv, bus: Bus): Promise<Isolate> {
  const channel = bus.channel();
  const peers = new Peers(channel);
  const clock = systemClock;
  const failed = (): void => {};
  const common = {
    kv,
    channel,
    peers,
    clock,
    counters: new Counters(),
    random: Math.random,
    now: clock.now,
    failed,
  };
  const changes = new ChangeFeed(kv, clock);
  await changes.open();
  const lifecycle = new Lifecycle<Post>({ clock, failed });
  lifecycle.add({ name: "change_feed", close: () => changes.close() });
  lifecycle.add({ name: "channel", start: () => channel.listen(lifecycle), close: () => channel.close() });
  const messageLog = lifecycle.add(
    await MessageLog.open({ ...common, isRemote: false, hooks: [], trace: untraced }),
  );
  const inboxes = new Inboxes({ ...common, changed() {} });
  const roomPermissions = new PermissionStore(kv, changes);
  const personIds = await PersonIds.open(kv);
  const unreadRooms = new UnreadRooms({
    ...common,
    messageLog,
    personIds,
    inboxes,
    roomPermissions,
    watchLevels: new WatchLevels(kv, () => {}),
  });
  // Without a poll: what comes from elsewhere comes by posts.
  lifecycle.add({
    name: "unread_rooms",
    receive: (post) => unreadRooms.receive(post),
    close: () => unreadRooms.close(),
  });
  const links = new FileLinks();
  const files = openFiles({ ...common, ...readConfig({}), links });
  const rooms = lifecycle.add(
    new Rooms({
      unreadRooms,
      ...common,
      files,
      messageLog,
      changes,
      access: {
        personIds,
        accounts: { ownsAlike: () => Promise.resolve(false) },
        roomPermissions,
        slowMode: new SlowMode(roomPermissions),
        pendingMessages: new PendingMessages({ kv, changes, now: clock.now }),
        moderationEvents: new ModerationEvents({ kv, now: clock.now }),
        bans: { noteAccount: () => Promise.resolve() },
      },
      timeZone: "UTC",
      elapsed: clock.elapsed,
      maxMessageLength: 0,
      editMinutes: 1_440,
      outboxLimit: 1e6,
    }),
  );
  lifecycle.add(peers);
  await lifecycle.start();
  return { messageLog, rooms, changes, unreadRooms, stop: () => lifecycle.stop() };
}

/** Somebody in a room. */
export interface Person {
  /** The texts of the messages that came, in order. */
  readonly shown: readonly string[];
  /** `ack` or `error`, with the client id. */
  readonly answers: readonly string[];
  say(message: string, clientId?: string): void;
  leave(): void;
}

/** Somebody enters; a `badge` tells a guest from others of the same name. */
export async function enter({ rooms }: Isolate, room: string, name: string, badge?: string): Promise<Person> {
  const shown: string[] = [];
  const answers: string[] = [];
  const user = guest(name, badge);
  const member = await rooms.room(room).join({
    user,
    takesBatches: false,
    send(frame) {
      const { type, message, client_id: clientId } = JSON.parse(frame);
      if (type === "chat_message") shown.push(message);
      if (type === "ack" || type === "error") answers.push(`${type} ${clientId}`);
    },
    drained: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }, undefined);
  return {
    shown,
    answers,
    say: (message: string, clientId?: string) =>
      rooms.room(room).receive(member, { type: "chat_message", message, client_id: clientId }, {
        user: member.user,
        mayModerate: false,
      }),
    leave: () => rooms.room(room).leave(member),
  };
}

/** The texts of a room's history. */
export async function stored({ messageLog }: Isolate, room: string): Promise<string[]> {
  const { lines } = await messageLog.history.before(room, undefined, 200);
  return lines.map((line) => messageIn(line).message);
}

/** Resolves once something holds. */
export async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 30_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`It never came to hold: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** KV whose commits of messages are made by `make`. */
function watched(kv: Deno.Kv, make: MakeCommit): Deno.Kv {
  return new Proxy(kv, {
    get(kv, name) {
      const value = Reflect.get(kv, name, kv);
      if (name !== "atomic") return typeof value === "function" ? value.bind(kv) : value;
      return () => {
        const operation = kv.atomic();
        let bringsMessages = false;
        const wrapped: Deno.AtomicOperation = new Proxy(operation, {
          get(operation, name) {
            const method = Reflect.get(operation, name, operation);
            if (typeof method !== "function") return method;
            return (...args: unknown[]) => {
              if (name === "sum") bringsMessages = true;
              if (name === "commit" && bringsMessages) return make(() => operation.commit());
              const result = method.apply(operation, args);
              return name === "commit" ? result : wrapped;
            };
          },
        });
        return wrapped;
      };
    },
  });
}
