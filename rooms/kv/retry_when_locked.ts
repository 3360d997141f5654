/**
 * One SQLite database that several isolates have open: whoever writes while another one does is told that the database
 * is locked (measured; nothing of the write has happened then), and tries again.
 */

const TRIES = 100;
const PAUSE_MS = 5;

/** The same database, whose writes wait until nobody else writes. */
export function retryWhenLocked(kv: Deno.Kv): Deno.Kv {
  return patient(kv, new Set(["set", "delete", "enqueue"]));
}

function patient<T extends object>(target: T, writes: ReadonlySet<string | symbol>): T {
  const proxy: T = new Proxy(target, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name === "atomic") return () => patient(value.call(target), new Set(["commit"]));
      return (...args: unknown[]) => {
        if (writes.has(name)) return persist(() => value.apply(target, args));
        const result = value.apply(target, args);
        // An atomic operation's methods answer the operation.
        return result === target ? proxy : result;
      };
    },
  });
  return proxy;
}

async function persist<T>(write: () => Promise<T>): Promise<T> {
  for (let tries = 1;; tries++) {
    try {
      return await write();
    } catch (error) {
      if (tries === TRIES || !(error instanceof TypeError) || !error.message.includes("locked")) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (0.5 + Math.random())));
    }
  }
}
