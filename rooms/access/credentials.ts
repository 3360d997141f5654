/**
 * Passes: what somebody shows to be let in again without a password. A session's is in a browser's cookie, a token's
 * in a program's configuration.
 *
 * | key | value |
 * | --- | --- |
 * | `["session", owner, id]` · `["token", owner, id]` | a {@link Credential} and the SHA-256 of its secret |
 *
 * The text that its bearer keeps is `<owner>.<id>.<secret>`. The secret has 256 random bits, so that a plain hash is
 * enough to make what is stored useless to whoever reads it.
 */
import { Buffer } from "node:buffer";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { ChangeFeed } from "../kv/change_feed.ts";
import { type Account, AccountError, accountKey } from "./account.ts";

export interface Credential {
  readonly id: string;
  /** The account's id, or {@link SERVICE}. */
  readonly owner: string;
  /** The program's name, or what the browser says that it is. */
  readonly name: string;
  /** `service`: it speaks for the service and not for its owner. */
  readonly role: "own" | "service";
  readonly createdAt: number;
  /** Last use, give or take {@link CredentialKind.noteEveryMs}. */
  readonly usedAt: number;
  /** No longer than this, however often it is used; `undefined`: for as long as it is used. */
  readonly endsAt: number | undefined;
}

/** A pass together with whom it lets in; without an account it is the service's. */
export interface Bearer {
  readonly pass: Credential;
  readonly account: Account | undefined;
}

/** How one kind of passes is kept. */
export interface CredentialKind {
  readonly key: "session" | "token";
  /** Unused for so long, it ends. */
  readonly idleMs: number;
  /** How exactly the last use is noted; each note is a write. */
  readonly noteEveryMs: number;
  /** For one owner: a further one takes the place of the least used. */
  readonly most: number;
}

interface StoredPass extends Credential {
  readonly secretHash: Uint8Array;
}

/** The owner of passes that aren't an account's. */
export const SERVICE = "service";

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

/** Ends after two weeks without use, and after 90 days at the latest. */
export const SESSIONS: CredentialKind = {
  key: "session",
  idleMs: 14 * DAY_MS,
  noteEveryMs: HOUR_MS,
  most: 50,
};
export const SESSION_LIFE_MS = 90 * DAY_MS;
/** Ends after a year without use. */
export const TOKENS: CredentialKind = { key: "token", idleMs: 366 * DAY_MS, noteEveryMs: 60_000, most: 100 };

const ID = /^[\w-]{22}$/;
const TEXT = /^([0-9A-Z]{26}|service)\.([\w-]{22})\.([\w-]{43})$/;

export class Credentials {
  readonly #kv: Deno.Kv;
  readonly #changes: ChangeFeed;
  readonly #now: () => number;
  readonly #kind: CredentialKind;

  constructor(kind: CredentialKind, parts: { kv: Deno.Kv; changes: ChangeFeed; now: () => number }) {
    this.#kind = kind;
    this.#kv = parts.kv;
    this.#changes = parts.changes;
    this.#now = parts.now;
  }

  /**
   * Makes a pass, and the text for its bearer, which can't be had again. Throws {@link AccountError} when what it is
   * made upon is not `unchanged`.
   */
  async issue(
    owner: string,
    { name, role, lifeMs, unchanged }: {
      name: string;
      role: Credential["role"];
      lifeMs: number | undefined;
      unchanged?: Deno.AtomicCheck;
    },
  ): Promise<{ pass: Credential; text: string }> {
    const now = this.#now();
    const id = randomBytes(16).toString("base64url");
    const secret = randomBytes(32).toString("base64url");
    const endsAt = lifeMs === undefined ? undefined : now + lifeMs;
    const pass: Credential = { id, owner, name, role, createdAt: now, usedAt: now, endsAt };
    const others = await this.list(owner);
    const surplus = others.toSorted((a, b) => b.usedAt - a.usedAt).slice(this.#kind.most - 1);
    for (const { id } of surplus) await this.revoke(owner, id);
    const stored: StoredPass = { ...pass, secretHash: hashOf(secret) };
    const commit = this.#kv.atomic().set(this.#keyOf(pass), stored, this.#expiry(pass, now));
    if (unchanged) commit.check(unchanged);
    if (!(await commit.commit()).ok) {
      throw new AccountError("changed", "The account was changed meanwhile; sign in again");
    }
    return { pass, text: `${owner}.${id}.${secret}` };
  }

  /** Whom a text lets in; `undefined` when it isn't, or isn't any more, a pass. */
  async bearer(text: string): Promise<Bearer | undefined> {
    const [, owner, id, secret] = TEXT.exec(text) ?? [];
    if (!owner) return undefined;
    const key = [this.#kind.key, owner, id];
    const [entry, { value: account }] = await this.#kv.getMany<[StoredPass, Account]>([
      key,
      accountKey(owner),
    ]);
    const stored = entry.value;
    if (!stored || !timingSafeEqual(hashOf(secret), Buffer.from(stored.secretHash))) return undefined;
    const now = this.#now();
    if (now >= this.endOf(stored) || (!account && owner !== SERVICE)) return undefined;
    if (now - stored.usedAt >= this.#kind.noteEveryMs) {
      const used = { ...stored, usedAt: now };
      // With the check: a pass that is revoked meanwhile must not come back.
      await this.#kv.atomic().check(entry).set(key, used, this.#expiry(used, now)).commit();
    }
    return { pass: withoutSecret(stored), account: account ?? undefined };
  }

  /**
   * What has to be unchanged for as long as a pass is worth something: for a commit that must not come after its end.
   * `undefined` when it has ended.
   */
  async proof(pass: Credential): Promise<Deno.AtomicCheck | undefined> {
    const entry = await this.#kv.get<StoredPass>(this.#keyOf(pass));
    return entry.value && this.#now() < this.endOf(entry.value) ? entry : undefined;
  }

  /** When a pass ends that isn't used any more. */
  endOf({ usedAt, endsAt = Infinity }: Credential): number {
    return Math.min(usedAt + this.#kind.idleMs, endsAt);
  }

  /** The owner's passes, the oldest first. */
  async list(owner: string): Promise<Credential[]> {
    const entries = await Array.fromAsync(
      this.#kv.list<StoredPass>({ prefix: [this.#kind.key, owner] }),
      ({ value }) => withoutSecret(value),
    );
    const now = this.#now();
    return entries.filter((pass) => now < this.endOf(pass)).sort((a, b) => a.createdAt - b.createdAt);
  }

  /** The passes of all owners, so many at most, the most lately used first. */
  async all(limit: number): Promise<Credential[]> {
    const now = this.#now();
    const passes: Credential[] = [];
    for await (const { value } of this.#kv.list<StoredPass>({ prefix: [this.#kind.key] })) {
      if (now < this.endOf(value)) passes.push(withoutSecret(value));
    }
    return passes.sort((a, b) => b.usedAt - a.usedAt).slice(0, limit);
  }

  /** Ends a pass; false when the owner has none of that id. */
  async revoke(owner: string, id: string): Promise<boolean> {
    if (!ID.test(id)) return false;
    const key = [this.#kind.key, owner, id];
    const { value } = await this.#kv.get(key);
    if (!value) return false;
    await this.#changes.add(this.#kv.atomic().delete(key), { type: "account", id: owner }).commit();
    return true;
  }

  /** Ends all passes of an owner, but the one with the id `except`. */
  async revokeAll(owner: string, except = ""): Promise<void> {
    const keys = await Array.fromAsync(
      this.#kv.list({ prefix: [this.#kind.key, owner] }, { consistency: "strong" }),
      ({ key }) => key,
    );
    const commit = this.#kv.atomic();
    for (const key of keys) if (key[2] !== except) commit.delete(key);
    await this.#changes.add(commit, { type: "account", id: owner }).commit();
  }

  #keyOf({ owner, id }: Credential): Deno.KvKey {
    return [this.#kind.key, owner, id];
  }

  /** KV takes out by itself what has ended. */
  #expiry(pass: Credential, now: number): { expireIn: number } {
    return { expireIn: Math.max(1, this.endOf(pass) - now) };
  }
}

function withoutSecret({ secretHash: _, ...pass }: StoredPass): Credential {
  return pass;
}

function hashOf(secret: string): Uint8Array {
  return createHash("sha256").update(secret).digest();
}
