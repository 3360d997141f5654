/** What happens when one address, or all of them, have more connections and requests than there is space for. */
import type { HttpConnection } from "./http_connection.ts";

/** The answer where an address has as many connections as it may, and all of them wait for the service. */
export function crowdedAnswer(): Response {
  const error = "Too many requests come from your network at once. Please try again in a moment.";
  return Response.json({ error, code: "too_many_connections" }, {
    status: 503,
    headers: { "retry-after": "2" },
  });
}

interface Place {
  running: number;
  readonly waiting: (() => void)[];
}

/** Turns: only so many requests of one address are answered at a time, and the others wait in their order. */
export class Turns {
  readonly #most: number;
  readonly #places = new Map<string, Place>();

  /** `most`: requests of one address at a time; 0 = any number. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Addresses of which somebody waits. */
  get crowded(): string[] {
    return Array.from(this.#places).filter(([, { waiting }]) => waiting.length > 0).map(([address]) =>
      address
    );
  }

  /** Resolves when it is the caller's turn, which lasts until {@link leave}; `undefined`: it is at once. */
  enter(address: string): Promise<void> | undefined {
    if (!this.#most) return undefined;
    const place = this.#places.get(address) ?? { running: 0, waiting: [] };
    this.#places.set(address, place);
    if (place.running < this.#most) {
      place.running++;
      return undefined;
    }
    return new Promise((resolve) => place.waiting.push(resolve));
  }

  /** Ends a turn: the next one's begins. */
  leave(address: string): void {
    const place = this.#places.get(address);
    if (!place) return;
    const next = place.waiting.shift();
    if (next) next();
    else if (--place.running === 0) this.#places.delete(address);
  }
}

/**
 * Ends the connection that has done nothing for the longest time; where all are busy, the one that has withheld its body, or
 * hasn't taken its answer, for the longest. The newcomer isn't to blame, nor who waits for the service. False when there is
 * nobody else.
 */
export function endOne(connections: Iterable<HttpConnection>, newcomer?: HttpConnection): boolean {
  let last: HttpConnection | undefined;
  for (const connection of connections) {
    if (connection === newcomer || connection.isOwedTime) continue;
    if (!(last && isBefore(last, connection))) last = connection;
  }
  last?.end();
  return last !== undefined;
}

/** Whether a connection is to end before another one, which came later. */
function isBefore(a: HttpConnection, b: HttpConnection): boolean {
  return a.isIdle === b.isIdle ? a.since <= b.since : a.isIdle;
}
