/**
 * Idempotency keys: a request that is sent again under the same key is carried out once, and answered as it was first.
 *
 * | key | value |
 * | --- | --- |
 * | `["idempotency", caller, scope, key]` | {@link Remembered}; deleted after a day |
 *
 * The first sending stores an id under its key before anything is done. Whatever the request makes gets this id, and is
 * made only if nothing has it yet; so two sendings at once, or one after a crash between the work and its answer,
 * make one thing. Refusals aren't remembered.
 */
import { createHash } from "node:crypto";
import { ulid } from "ulid";

/** A key stands for another request already. */
export class ReusedKeyError extends Error {
  override readonly name = "ReusedKeyError";

  constructor() {
    super("This idempotency key was used for another request: give each request its own");
  }
}

/** A request that may be sent again. */
export interface KeyedRequest {
  /** Whose keys these are. */
  readonly caller: string;
  /** What is asked for: the same key means another request elsewhere. */
  readonly scope: string;
  readonly key: string;
  /** What JSON made of it; the order of its fields doesn't matter. */
  readonly body: unknown;
}

interface Remembered {
  /** SHA-256 of the body. */
  readonly digest: string;
  /** A ULID, of when the key came first. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Missing until the request has been carried out. */
  readonly answer?: unknown;
}

const IDEMPOTENCY = "idempotency";
const LIFE_MS = 24 * 60 * 60 * 1000;

export class Idempotency {
  readonly #kv: Deno.Kv;
  readonly #now: () => number;

  /** `now` in milliseconds since the epoch. */
  constructor(kv: Deno.Kv, now: () => number) {
    this.#kv = kv;
    this.#now = now;
  }

  /**
   * Carries a request out, or answers what `act` answered for it before. `act` makes something under the id that it
   * gets, unless that is there already; its answer has to fit into a KV value.
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

  /** What is remembered under a key, by whichever sending was first. */
  async #claim(key: Deno.KvKey, digest: string): Promise<Remembered> {
    for (;;) {
      const entry = await this.#kv.get<Remembered>(key);
      const now = this.#now();
      // KV deletes what has expired when it comes to it.
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
