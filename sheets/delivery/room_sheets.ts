/**
 * Rooms whose rows go to a spreadsheet or a tab of their own.
 *
 * | key | value |
 * | --- | --- |
 * | `["room_sheet", room, versionstamp]` | {@link OwnSheet}, or `{}` for the common sheet; valid for commits after this versionstamp |
 * | `["room_sheets"]` | `true`, set in the same commit: its versionstamp tells with one read whether there is a new move |
 *
 * Messages that were committed after a move go to the new sheet, all others to the old one, whichever process writes the
 * rows and when: versionstamps order the commits of all processes.
 */
import { versionstampKey } from "../../rooms/kv/versionstamp_key.ts";
import type { OwnSheet } from "../open_sheet.ts";

/** A room's rows go to another sheet from this commit on. */
interface Move {
  readonly after: string;
  /** Undefined: the common sheet. */
  readonly own: OwnSheet | undefined;
}

/** Is above all versionstamps. */
export const LATEST = "~";
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

  /** Reads new moves: afterwards, every move that was committed before the call is known. */
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

  /** The sheet for rows of a room that were committed with this versionstamp; `undefined`: the common one. */
  of(room: string, versionstamp: string): OwnSheet | undefined {
    return this.#moves.get(room)?.findLast(({ after }) => after < versionstamp)?.own;
  }

  /** The sheet for what will be said in a room from now on. */
  async now(room: string): Promise<OwnSheet | undefined> {
    await this.refresh();
    return this.of(room, LATEST);
  }

  /** The rooms for which somebody chose this spreadsheet. */
  async roomsOf(spreadsheet: string): Promise<string[]> {
    await this.refresh();
    return [...this.#moves.keys()].filter((room) => this.of(room, LATEST)?.spreadsheet === spreadsheet);
  }

  /** Moves a room to another sheet, for all commits from now on; `undefined`: the common one. */
  async move(room: string, own: OwnSheet | undefined): Promise<void> {
    const before = await this.now(room);
    if (before?.spreadsheet === own?.spreadsheet && before?.tab === own?.tab) return;
    const key = versionstampKey(this.#kv, PREFIX, room);
    await this.#kv.atomic().set(key, own ? this.#asSpelled(own) : {}).set(CHANGED, true).commit();
    await this.refresh();
  }

  /** The same sheet as another room spelled it: names of tabs ignore case. */
  #asSpelled(own: OwnSheet): OwnSheet {
    const all = [...this.#moves.values()].flat().map((move) => move.own);
    return all.find((other) =>
      other?.spreadsheet === own.spreadsheet && other.tab.toLowerCase() === own.tab.toLowerCase()
    ) ?? own;
  }
}
