/** The rooms of several isolates on one database, in one process, without sockets and sheets. */
import { systemClock } from "../../rooms/clock.ts";
import { Counters } from "../../rooms/counters.ts";
import { messageIn } from "../../rooms/messages/message.ts";
import { type MessageLog, openMessageLog } from "../../rooms/messages/message_log.ts";
import { retryWhenLocked } from "../../rooms/kv/retry_when_locked.ts";
import { untraced } from "../../rooms/trace.ts";
import { guest } from "../../rooms/user.ts";
import type { Bus } from "../fakes/bus.ts";
import { temporaryDirectory } from "./service.ts";

/** Makes the commits that bring messages. */
type MakeCommit = (commit: () => Promise<Deno.KvCommitResult | Deno.KvCommitError>) => Promise<
  Deno.KvCommitResult | Deno.KvCommitError
>;

export interface Isolates extends AsyncDisposable {
  readonly all: readonly MessageLog[];
  /** The database that they share. */
  readonly kvPath: string;
  /** How the first isolate, which leads, makes commits from now on. */
  commit: MakeCommit;
  /** Ends one as if it were killed, as far as posts can tell. */
  end(isolate: MessageLog): Promise<void>;
}

export async function openIsolates(count: number, bus: Bus): Promise<Isolates> {
  const directory = await temporaryDirectory();
  const open = new Map<MessageLog, Deno.Kv>();
  const isolates: Isolates = {
    all: [],
    kvPath: `${directory.path}/t.db`,
    commit: (commit) => commit(),
    async end(rooms) {
      await rooms.drain(Promise.resolve());
      await rooms.lobby.close(1012, "restarting");
      await rooms.close();
      open.get(rooms)?.close();
      open.delete(rooms);
    },
    async [Symbol.asyncDispose]() {
      for (const rooms of open.keys()) await isolates.end(rooms);
      await directory[Symbol.asyncDispose]();
    },
  };
  for (let i = 0; i < count; i++) {
    const kv = retryWhenLocked(await Deno.openKv(isolates.kvPath));
    const rooms = await openMessageLog({
      kv: i === 0 ? watched(kv, (commit) => isolates.commit(commit)) : kv,
      isRemote: false,
      clock: systemClock,
      random: Math.random,
      timeZone: "UTC",
      maxMessageLength: 0,
      outboxLimit: 1e6,
      openChannel: () => Promise.resolve(bus.channel()),
      bell: { add() {}, added() {}, failed() {} },
      counters: new Counters(),
      trace: untraced,
      failed() {},
    });
    await rooms.open(() => {}, () => {});
    open.set(rooms, kv);
    (isolates.all as MessageLog[]).push(rooms);
  }
  return isolates;
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
export async function enter(rooms: MessageLog, room: string, name: string, badge?: string): Promise<Person> {
  const shown: string[] = [];
  const answers: string[] = [];
  const user = guest(name, badge);
  const member = await rooms.lobby.room(room).join({
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
      rooms.lobby.room(room).receive(member, { type: "chat_message", message, client_id: clientId }),
    leave: () => rooms.lobby.room(room).leave(member),
  };
}

/** The texts of a room's history. */
export async function stored(rooms: MessageLog, room: string): Promise<string[]> {
  const { lines } = await rooms.history.before(room, undefined, 200);
  return lines.map((line) => messageIn(line).message);
}

/** Resolves once something holds. */
export async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
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
