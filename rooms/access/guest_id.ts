/**
 * Badges tell guests apart who come back: `<id>.<HMAC of the id>`, in a cookie. Nothing is stored for a guest, but
 * nobody can make a badge, or take another's without having seen it.
 *
 * | key | value |
 * | --- | --- |
 * | `["guest_key"]` | the key of the HMAC, made at the first start |
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const KEY = ["guest_key"];
const KEY_BYTES = 32;
const BADGE = /^([\w-]{22})\.([\w-]{43})$/;

export class GuestIds {
  readonly #key: Uint8Array;

  private constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Reads the key, or makes it. */
  static async open(kv: Deno.Kv): Promise<GuestIds> {
    await kv.atomic().check({ key: KEY, versionstamp: null }).set(KEY, new Uint8Array(randomBytes(KEY_BYTES)))
      .commit();
    const { value } = await kv.get<Uint8Array>(KEY);
    if (!value) throw new Error("Reading the guests' key failed: it isn't there although it was just made");
    return new GuestIds(value);
  }

  /** A new badge. */
  issue(): string {
    const id = randomBytes(16).toString("base64url");
    return `${id}.${this.#sign(id)}`;
  }

  /** The id of a badge that was made here. */
  idOf(badge: string | undefined): string | undefined {
    const [, id, signature] = BADGE.exec(badge ?? "") ?? [];
    if (!id) return undefined;
    return timingSafeEqual(encoder.encode(this.#sign(id)), encoder.encode(signature)) ? id : undefined;
  }

  /** A proof that the browser that keeps it has signed in under a name. */
  vouch(name: string): string {
    const id = randomBytes(16).toString("base64url");
    return `${id}.${this.#sign(`known\n${name}\n${id}`)}`;
  }

  /** The id of the browser that keeps such a proof for the name. */
  vouchedFor(name: string, proof: string): string | undefined {
    const [, id, signature] = BADGE.exec(proof) ?? [];
    if (!id) return undefined;
    const signed = this.#sign(`known\n${name}\n${id}`);
    return timingSafeEqual(encoder.encode(signed), encoder.encode(signature)) ? id : undefined;
  }

  #sign(id: string): string {
    return createHmac("sha256", this.#key).update(id).digest("base64url");
  }
}

const encoder = new TextEncoder();
