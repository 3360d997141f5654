/**
 * Credentials that replace a password: a session's is in a browser's cookie, a token's in a program's configuration.
 *
 * | key | value |
 * | --- | --- |
 * | `["session", owner, id]` · `["token", owner, id]` | a {@link Credential} and the SHA-256 of its secret |
 *
 * Its bearer has the text `<owner>.<id>.<secret>`. The secret has 256 random bits, so that a plain hash of it is useless
 * to people who read the database.
 */
import { Buffer } from "node:buffer";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { ChangeFeed } from "../kv/change_feed.ts";
import { type Account, AccountError, accountKey } from "./account.ts";

/** A session or a token, without its secret. */
export interface Credential {
  readonly id: string;
  /** The account's id, or {@link SERVICE}. */
  readonly owner: string;
  /** The program's name, or the browser's as it states it. */
  readonly name: string;
  /** `own`: it acts for its owner; `service`: for the service. */
  readonly role: "own" | "service";
  /** Milliseconds since the epoch, like all times here. */
  readonly createdAt: number;
  /** The last use, at most {@link CredentialKind.noteEveryMs} too early. */
  readonly usedAt: number;
  /** Its end even if it is used; `undefined`: it has none. */
  readonly endsAt: number | undefined;
}

/** A valid credential and its owner's account; without an account it is the service's. */
export interface Bearer {
  readonly credential: Credential;
  readonly account: Account | undefined;
}

/** A kind of credentials. */
export interface CredentialKind {
  /** The first part of their keys. */
  readonly key: "session" | "token";
  /** One ends when it wasn't used for this time. */
  readonly idleMs: number;
  /** The last use is stored at most this often, because each time is a write. */
  readonly noteEveryMs: number;
  /** Credentials of one owner at most: a further one replaces the one that was unused for longest. */
  readonly most: number;
}

interface StoredCredential extends Credential {
  readonly secretHash: Uint8Array;
}

/** The owner of credentials that aren't an account's. */
export const SERVICE = "service";

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

/** Sessions end after two weeks without use, and after {@link SESSION_LIFE_MS} at the latest. */
export const SESSIONS: CredentialKind = {
  key: "session",
  idleMs: 14 * DAY_MS,
  noteEveryMs: HOUR_MS,
  most: 50,
};
/** For 90 days at most a session lasts. */
export const SESSION_LIFE_MS = 90 * DAY_MS;
/** Tokens end after a year without use. */
export const TOKENS: CredentialKind = { key: "token", idleMs: 366 * DAY_MS, noteEveryMs: 60_000, most: 100 };

const ID = /^[\w-]{22}$/;
const TEXT = /^([0-9A-Z]{26}|service)\.([\w-]{22})\.([\w-]{43})$/;

/** Issues, checks and revokes credentials of one kind. */
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
   * Issues a credential, and the text for its bearer, which isn't stored. It ends after `lifeMs` even if it is used;
   * `undefined`: only when it isn't used.
   *
   * @throws {AccountError} when the account or session that it is based on is not `unchanged`.
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
    const stored: StoredCredential = { ...pass, secretHash: hashOf(secret) };
    const commit = this.#kv.atomic().set(this.#keyOf(pass), stored, this.#expiry(pass, now));
    if (unchanged) commit.check(unchanged);
    if (!(await commit.commit()).ok) {
      throw new AccountError("changed", "The account was changed meanwhile; sign in again");
    }
    return { pass, text: `${owner}.${id}.${secret}` };
  }

  /** The bearer of a text; `undefined` when it is no valid credential. */
  async bearer(text: string): Promise<Bearer | undefined> {
    const [, owner, id, secret] = TEXT.exec(text) ?? [];
    if (!owner) return undefined;
    const key = [this.#kind.key, owner, id];
    const [entry, { value: account }] = await this.#kv.getMany<[StoredCredential, Account]>([
      key,
      accountKey(owner),
    ]);
    const stored = entry.value;
    if (!stored || !timingSafeEqual(hashOf(secret), Buffer.from(stored.secretHash))) return undefined;
    const now = this.#now();
    if (now >= this.endOf(stored) || (!account && owner !== SERVICE)) return undefined;
    if (now - stored.usedAt >= this.#kind.noteEveryMs) {
      const used = { ...stored, usedAt: now };
      // With the check: a credential that is revoked meanwhile must not come back.
      await this.#kv.atomic().check(entry).set(key, used, this.#expiry(used, now)).commit();
    }
    return { credential: withoutSecret(stored), account: account ?? undefined };
  }

  /**
   * A check for commits that depend on a credential: it fails once the credential is used, changed or revoked.
   * `undefined` when it has ended.
   */
  async proof(credential: Credential): Promise<Deno.AtomicCheck | undefined> {
    const entry = await this.#kv.get<StoredCredential>(this.#keyOf(credential));
    return entry.value && this.#now() < this.endOf(entry.value) ? entry : undefined;
  }

  /** The time when a credential ends if it isn't used any more; maybe `Infinity`. */
  endOf({ usedAt, endsAt = Infinity }: Credential): number {
    return Math.min(usedAt + this.#kind.idleMs, endsAt);
  }

  /** The owner's valid credentials, the oldest first. */
  async list(owner: string): Promise<Credential[]> {
    const entries = await Array.fromAsync(
      this.#kv.list<StoredCredential>({ prefix: [this.#kind.key, owner] }),
      ({ value }) => withoutSecret(value),
    );
    const now = this.#now();
    return entries.filter((credential) => now < this.endOf(credential)).sort((a, b) =>
      a.createdAt - b.createdAt
    );
  }

  /** The valid credentials of all owners, at most `limit`, the last used first. */
  async all(limit: number): Promise<Credential[]> {
    const now = this.#now();
    const credentials: Credential[] = [];
    for await (const { value } of this.#kv.list<StoredCredential>({ prefix: [this.#kind.key] })) {
      if (now < this.endOf(value)) credentials.push(withoutSecret(value));
    }
    return credentials.sort((a, b) => b.usedAt - a.usedAt).slice(0, limit);
  }

  /** Revokes a credential; false when the owner has none with that id. */
  async revoke(owner: string, id: string): Promise<boolean> {
    if (!ID.test(id)) return false;
    const key = [this.#kind.key, owner, id];
    const { value } = await this.#kv.get(key);
    if (!value) return false;
    await this.#changes.add(this.#kv.atomic().delete(key), { type: "account", id: owner }).commit();
    return true;
  }

  /** Revokes all credentials of an owner, except the one with the id `except`. */
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

  /** KV deletes a credential when it ends. */
  #expiry(credential: Credential, now: number): { expireIn: number } {
    return { expireIn: Math.max(1, this.endOf(credential) - now) };
  }
}

function withoutSecret({ secretHash: _, ...credential }: StoredCredential): Credential {
  return credential;
}

function hashOf(secret: string): Uint8Array {
  return createHash("sha256").update(secret).digest();
}
