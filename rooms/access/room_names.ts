/**
 * Which room a name means: `Support` and `support`, `班級101` and `班級１０１` are one room, called as it was called first.
 *
 * | key | value |
 * | --- | --- |
 * | `["room_name", folded]` | the names of the rooms that fold to this; more than one only where there were before folding |
 * | `["room_names"]` | `true` once the rooms from before are among them |
 *
 * A name is looked up when somebody enters, and kept in memory: on the way of a message nothing is read.
 */
import { canBeKey, foldName } from "./account_name.ts";

const NAME = "room_name";
const INDEXED = ["room_names"];
/** Kept in memory; more begin anew. */
const MOST_KNOWN = 10_000;

export class RoomNames {
  readonly #kv: Deno.Kv;
  /** By folded name. What is known stays true: a room's name never changes, and no other one can come beside it. */
  readonly #known = new Map<string, readonly string[]>();

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** Notes the rooms that a version without folding stored; needed once, before any is looked up. */
  async open(stored: () => AsyncIterable<string>): Promise<void> {
    if ((await this.#kv.get(INDEXED)).value) return;
    for await (const room of stored()) await this.#add(room);
    await this.#kv.set(INDEXED, true);
  }

  /** The room that a name means, which {@link claim} hasn't been called for if it is a new one. */
  async find(name: string): Promise<string> {
    return meant(name, await this.#names(keyOf(name))) ?? name;
  }

  /** The same for somebody who enters: a room that is new is called so from now on, for everybody. */
  async claim(name: string): Promise<string> {
    const folded = keyOf(name);
    const room = meant(name, await this.#names(folded));
    if (room !== undefined) return room;
    const key = [NAME, folded];
    const { ok } = await this.#kv.atomic().check({ key, versionstamp: null }).set(key, [name]).commit();
    // Otherwise another isolate or machine was faster.
    if (!ok) return await this.find(name);
    this.#remember(folded, [name]);
    return name;
  }

  async #names(folded: string): Promise<readonly string[]> {
    const known = this.#known.get(folded);
    if (known) return known;
    const { value } = await this.#kv.get<string[]>([NAME, folded]);
    if (value) this.#remember(folded, value);
    return value ?? [];
  }

  #remember(folded: string, names: readonly string[]): void {
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(folded, names);
  }

  /** Adds a room to those that its folded name means, as often as others do so at the same time. */
  async #add(room: string): Promise<void> {
    for (;;) {
      const entry = await this.#kv.get<string[]>([NAME, keyOf(room)]);
      const names = entry.value ?? [];
      if (names.includes(room)) return;
      const commit = this.#kv.atomic().check(entry).set(entry.key, [...names, room]);
      if ((await commit.commit()).ok) return;
    }
  }
}

/** The room of exactly this name, else the one that was there first. */
function meant(name: string, rooms: readonly string[]): string | undefined {
  return rooms.includes(name) ? name : rooms[0];
}

/** What names of one room have in common; where that would be too long for a key, the name itself. */
function keyOf(name: string): string {
  const folded = foldName(name);
  return canBeKey(folded) ? folded : name;
}
