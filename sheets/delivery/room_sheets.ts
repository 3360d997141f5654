/**
 * Rooms whose rows go to a spreadsheet or a tab of their own.
 *
 * | key | value |
 * | --- | --- |
 * | `["room_sheet", room, versionstamp]` | {@link OwnSheet}, or `{}` for the sheet of all: for what is committed after it |
 * | `["room_sheets"]` | `true`, set with each of them, so that one read tells whether there is a new one |
 *
 * What is committed later goes to the new place, and all else to the old one, whoever writes it and when: versionstamps order
 * the commits of all processes.
 */
import { versionstampKey } from "../../rooms/kv/versionstamp_key.ts";
import type { OwnSheet } from "../open_sheet.ts";

/** From when on a room's rows go somewhere. */
interface Move {
  readonly after: string;
  /** Undefined: to the sheet of all. */
  readonly own: OwnSheet | undefined;
}

const PREFIX = "room_sheet";
const CHANGED = ["room_sheets"];

/** The rooms with sheets of their own, as this process last read them. */
export class RoomSheets {
  readonly #kv: Deno.Kv;
  #moves = new Map<string, Move[]>();
  #versionstamp: string | null | undefined;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** Reads what has changed: afterwards, every move is known that was committed before the call. */
  async refresh(): Promise<void> {
    const { versionstamp } = await this.#kv.get(CHANGED);
    if (versionstamp === this.#versionstamp) return;
    const moves = new Map<string, Move[]>();
    for await (const { key, value } of this.#kv.list<OwnSheet | Record<never, never>>({ prefix: [PREFIX] })) {
      const [room, after] = [String(key[1]), String(key[2])];
      const all = moves.get(room) ?? [];
      moves.set(room, all);
      all.push({ after, own: "spreadsheet" in value ? value : undefined });
    }
    this.#moves = moves;
    this.#versionstamp = versionstamp;
  }

  /** Where the rows go of what is committed to a room with this versionstamp; undefined: to the sheet of all. */
  of(room: string, versionstamp: string): OwnSheet | undefined {
    return this.#moves.get(room)?.findLast(({ after }) => after < versionstamp)?.own;
  }

  /** Where the rows go of what will be said in a room. */
  async now(room: string): Promise<OwnSheet | undefined> {
    await this.refresh();
    return this.of(room, "~");
  }

  /** The rooms whose rows go to a spreadsheet because somebody chose it for them. */
  async roomsOf(spreadsheet: string): Promise<string[]> {
    await this.refresh();
    return [...this.#moves.keys()].filter((room) => this.of(room, "~")?.spreadsheet === spreadsheet);
  }

  /** Has what is committed from now on go somewhere else; undefined: to the sheet of all. */
  async move(room: string, own: OwnSheet | undefined): Promise<void> {
    const before = await this.now(room);
    if (before?.spreadsheet === own?.spreadsheet && before?.tab === own?.tab) return;
    const key = versionstampKey(this.#kv, PREFIX, room);
    await this.#kv.atomic().set(key, own ? this.#asSpelled(own) : {}).set(CHANGED, true).commit();
    await this.refresh();
  }

  /** The same sheet as another room has named it: Google takes no notice of the letter case of tabs. */
  #asSpelled(own: OwnSheet): OwnSheet {
    const all = [...this.#moves.values()].flat().map((move) => move.own);
    return all.find((other) =>
      other?.spreadsheet === own.spreadsheet && other.tab.toLowerCase() === own.tab.toLowerCase()
    ) ?? own;
  }
}
