/**
 * What somebody is called in a room's frames besides a name: the same for one person in one room, over reloads and
 * restarts and in every process; another one in another room, so that nobody can be followed from room to room.
 *
 * | key | value |
 * | --- | --- |
 * | `["person_key"]` | the key of the HMAC, made at the first start |
 */
import { createHmac, randomBytes } from "node:crypto";
import { SERVICE_ID, type User } from "../user.ts";

const KEY = ["person_key"];
const KEY_BYTES = 32;
/** 132 bits. */
const LENGTH = 22;
/** Kept in memory, about 2 MB; more begin anew. */
const MOST_KNOWN = 10_000;

export class Persons {
  readonly #key: Uint8Array;
  /** By room and user. An HMAC costs microseconds, which a message isn't to wait for. */
  readonly #known = new Map<string, string>();

  private constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Reads the key, or makes it. Throws when KV can't. */
  static async open(kv: Deno.Kv): Promise<Persons> {
    await kv.atomic().check({ key: KEY, versionstamp: null }).set(KEY, new Uint8Array(randomBytes(KEY_BYTES)))
      .commit();
    const { value } = await kv.get<Uint8Array>(KEY);
    if (!value) {
      throw new Error("Reading the key of persons failed: it isn't there although it was just made");
    }
    return new Persons(value);
  }

  /** The person of a user in a room, 22 letters, digits, `-` or `_`. */
  of(room: string, { id, name }: Pick<User, "id" | "name">): string {
    // A room's name has no space. Programs that speak for the service share an id and differ by their names.
    const text = id === SERVICE_ID ? `${room} ${id} ${name}` : `${room} ${id}`;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const person = createHmac("sha256", this.#key).update(text).digest("base64url").slice(0, LENGTH);
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(text, person);
    return person;
  }
}
