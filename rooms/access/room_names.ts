/**
 * Which room a name means: `Support` and `support`, `班級101` and `班級１０１` are one room, under the name that came first.
 *
 * | key | value |
 * | --- | --- |
 * | `["room_name", folded]` | the names of the rooms that fold to this; more than one only from before names were folded |
 * | `["room_names"]` | `true` once those rooms have been added |
 *
 * A name is looked up when somebody enters, and stays in memory: no message has to wait for a read.
 */
import { canBeKey } from "./account_name.ts";
import { foldName } from "./fold_name.ts";

const NAME = "room_name";
const INDEXED = ["room_names"];
/** Names in memory; more of them start from an empty memory. */
const MAX_KNOWN = 10_000;

/** Finds rooms by name, and gives new rooms theirs. */
export class RoomNames {
  readonly #kv: Deno.Kv;
  /** By folded name. It stays true: a room's name never changes, and no second room can get the same folded name. */
  readonly #known = new Map<string, readonly string[]>();

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** Adds the rooms that an early version stored without folding; needed once, before any is looked up. */
  async open(stored: () => AsyncIterable<string>): Promise<void> {
    if ((await this.#kv.get(INDEXED)).value) return;
    for await (const room of stored()) await this.#add(room);
    await this.#kv.set(INDEXED, true);
  }

  /** The room that a name means; the name itself when there is no such room. */
  async find(name: string): Promise<string> {
    return meant(name, await this.#names(keyOf(name))) ?? name;
  }

  /** The same for somebody who enters: a new room has this name from now on, for everybody. */
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
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(folded, names);
  }

  /** Adds a room to those with its folded name; tries again when others do so at the same time. */
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

/** The room with exactly this name, else the oldest one. */
function meant(name: string, rooms: readonly string[]): string | undefined {
  return rooms.includes(name) ? name : rooms[0];
}

/** The folded name as part of a key; where that would be too long, the name itself. */
function keyOf(name: string): string {
  const folded = foldName(name);
  return canBeKey(folded) ? folded : name;
}
