/**
 * Retries writes to an SQLite database that several isolates have open. A write during another isolate's write fails
 * with "database is locked", and nothing of it has happened then (measured).
 */
import { wait } from "../clock.ts";

const MAX_TRIES = 100;
/** The first pause, on average; random, so that two isolates don't meet again and again. */
const PAUSE_MS = 5;
/** Pauses grow to this many first ones: on a busy machine the isolate that writes may wait for its turn, too. */
const MAX_PAUSES = 10;

/**
 * The same database, whose writes are tried again while it is locked, for about five seconds.
 *
 * @throws {TypeError} from a write, when the database is still locked after that.
 */
export function retryWhenLocked(kv: Deno.Kv): Deno.Kv {
  return retrying(kv, new Set(["set", "delete", "enqueue"]));
}

function retrying<T extends object>(target: T, writes: ReadonlySet<string | symbol>): T {
  const proxy: T = new Proxy(target, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name === "atomic") return () => retrying(value.call(target), new Set(["commit"]));
      return (...args: unknown[]) => {
        if (writes.has(name)) return retry(() => value.apply(target, args));
        const result = value.apply(target, args);
        // An atomic operation's methods return the operation.
        return result === target ? proxy : result;
      };
    },
  });
  return proxy;
}

async function retry<T>(write: () => Promise<T>): Promise<T> {
  for (let tries = 1;; tries++) {
    try {
      return await write();
    } catch (error) {
      if (tries === MAX_TRIES || !(error instanceof TypeError) || !error.message.includes("locked")) {
        throw error;
      }
      await wait(PAUSE_MS * Math.min(tries, MAX_PAUSES) * (0.5 + Math.random()));
    }
  }
}
