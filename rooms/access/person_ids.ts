/**
 * Ids of users in a room's frames: the same for a user in a room after reloads, after restarts and in every process, but
 * another one in another room, so that nobody can be followed from room to room.
 *
 * | key | value |
 * | --- | --- |
 * | `["person_key"]` | the key of the HMAC, created at the first start |
 */
import { createHmac } from "node:crypto";
import { openSecretKey } from "../kv/secret_key.ts";
import { SERVICE_ID, type User } from "../user.ts";

const KEY = ["person_key"];
/** Characters, of 6 bits each: 132 bits. */
const LENGTH = 22;
/** Ids in memory, about 2 MB; more of them start from an empty memory. */
const MAX_KNOWN = 10_000;

/** Computes the ids, and remembers recent ones. */
export class PersonIds {
  readonly #key: Uint8Array;
  /** By room and user: an HMAC takes microseconds, for which a message needn't wait. */
  readonly #known = new Map<string, string>();

  private constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Reads the key, or creates it. */
  static async open(kv: Deno.Kv): Promise<PersonIds> {
    return new PersonIds(await openSecretKey(kv, KEY));
  }

  /** The id of a user in a room: 22 letters, digits, `-` or `_`. */
  of(room: string, { id, name }: Pick<User, "id" | "name">): string {
    // Rooms' names have no spaces. Programs that speak for the service share a user id, and differ by name.
    const text = id === SERVICE_ID ? `${room} ${id} ${name}` : `${room} ${id}`;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const person = createHmac("sha256", this.#key).update(text).digest("base64url").slice(0, LENGTH);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(text, person);
    return person;
  }
}
