/**
 * Ids of guests, which tell apart guests who return. A badge in a cookie is `<id>.<HMAC of the id>`: nothing is stored
 * for a guest, but nobody can make a badge, or use another's without having seen it.
 *
 * | key | value |
 * | --- | --- |
 * | `["guest_key"]` | the key of the HMAC, created at the first start |
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { openSecretKey } from "../kv/secret_key.ts";

const KEY = ["guest_key"];
const BADGE = /^([\w-]{22})\.([\w-]{43})$/;

/** Issues and checks badges of guests, and proofs of browsers that have signed in. */
export class GuestIds {
  readonly #key: Uint8Array;

  private constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Reads the key, or creates it. */
  static async open(kv: Deno.Kv): Promise<GuestIds> {
    return new GuestIds(await openSecretKey(kv, KEY));
  }

  /** A new badge. */
  issue(): string {
    return this.#signed((id) => id);
  }

  /** The id of a badge; `undefined` when it isn't one of this service. */
  idOf(badge: string | undefined): string | undefined {
    return this.#idIn(badge ?? "", (id) => id);
  }

  /** A proof for a browser that it has signed in under a name. */
  vouch(name: string): string {
    return this.#signed((id) => proofText(name, id));
  }

  /** The id of the browser that has such a proof for the name; `undefined` when the proof is invalid. */
  vouchedFor(name: string, proof: string): string | undefined {
    return this.#idIn(proof, (id) => proofText(name, id));
  }

  #signed(textOf: (id: string) => string): string {
    const id = randomBytes(16).toString("base64url");
    return `${id}.${this.#sign(textOf(id))}`;
  }

  #idIn(signed: string, textOf: (id: string) => string): string | undefined {
    const [, id, signature] = BADGE.exec(signed) ?? [];
    if (!id) return undefined;
    const expected = this.#sign(textOf(id));
    return timingSafeEqual(encoder.encode(expected), encoder.encode(signature)) ? id : undefined;
  }

  #sign(text: string): string {
    return createHmac("sha256", this.#key).update(text).digest("base64url");
  }
}

function proofText(name: string, id: string): string {
  return `known\n${name}\n${id}`;
}

const encoder = new TextEncoder();
