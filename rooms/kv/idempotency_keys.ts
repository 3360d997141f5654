/**
 * Idempotency keys: a request that is sent again under the same key is carried out once, and gets the first answer again.
 *
 * | key | value |
 * | --- | --- |
 * | `["idempotency", caller, scope, key]` | {@link Remembered}; deleted after a day |
 *
 * The first request stores an id under its key before anything else. What the request creates gets this id, and is
 * created only if nothing has it yet. So two requests at once, or one after a crash between the work and its answer,
 * create one thing. Refusals aren't remembered.
 */
import { createHash } from "node:crypto";
import { ulid } from "ulid";

/** The key was used for another request before. */
export class ReusedKeyError extends Error {
  override readonly name = "ReusedKeyError";

  constructor() {
    super("This idempotency key was used for another request: give each request its own");
  }
}

/** A request that may be sent again. */
export interface KeyedRequest {
  /** The owner of the key: equal keys of other callers are independent. */
  readonly caller: string;
  /** The kind of request: equal keys of other kinds are independent. */
  readonly scope: string;
  readonly key: string;
  /** The decoded JSON; the order of its fields doesn't matter. */
  readonly body: unknown;
}

interface Remembered {
  /** SHA-256 of the body. */
  readonly digest: string;
  /** A ULID, of the time of the first request. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Missing until the request has been carried out. */
  readonly answer?: unknown;
}

const IDEMPOTENCY = "idempotency";
const LIFE_MS = 24 * 60 * 60 * 1000;

/** Carries out requests once for each key, within a day. */
export class Idempotency {
  readonly #kv: Deno.Kv;
  readonly #now: () => number;

  /** `now` in milliseconds since the epoch. */
  constructor(kv: Deno.Kv, now: () => number) {
    this.#kv = kv;
    this.#now = now;
  }

  /**
   * Carries a request out, or returns the answer that it got before. `act` creates something under the id that it gets,
   * unless that exists; its answer has to fit into a KV value.
   *
   * @throws {ReusedKeyError} when the key was used for another body.
   */
  async once<T>(request: KeyedRequest, act: (id: string) => Promise<T>): Promise<T> {
    const key = [IDEMPOTENCY, request.caller, request.scope, request.key];
    const digest = digestOf(request.body);
    const remembered = await this.#claim(key, digest);
    if (remembered.digest !== digest) throw new ReusedKeyError();
    if ("answer" in remembered) return remembered.answer as T;
    const answer = await act(remembered.id);
    await this.#kv.set(key, { ...remembered, answer }, { expireIn: LIFE_MS });
    return answer;
  }

  /** What the first request stored under a key, which may be this one. */
  async #claim(key: Deno.KvKey, digest: string): Promise<Remembered> {
    for (;;) {
      const entry = await this.#kv.get<Remembered>(key);
      const now = this.#now();
      // KV may delete expired values later.
      if (entry.value && now - entry.value.at < LIFE_MS) return entry.value;
      const fresh: Remembered = { digest, id: ulid(now), at: now };
      const commit = this.#kv.atomic().check(entry).set(key, fresh, { expireIn: LIFE_MS });
      if ((await commit.commit()).ok) return fresh;
    }
  }
}

function digestOf(body: unknown): string {
  return createHash("sha256").update(JSON.stringify(body, sorted) ?? "").digest("base64url");
}

/** Objects with their fields in one order, for `JSON.stringify`. */
function sorted(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1));
}
