/**
 * All sheets that rows go to, each made when its first row comes.
 *
 * | key | value |
 * | --- | --- |
 * | `["destination", spreadsheet, tab]` | {@link TargetProgress} of a tab, or of a file (whose spreadsheet is `""`) |
 */
import type { Clock } from "../../rooms/clock.ts";
import type { Lease } from "../../rooms/kv/lease.ts";
import { isEntryBody, roomInBody, timeInBody } from "../../rooms/messages/message.ts";
import type { Trace } from "../../rooms/trace.ts";
import type { Fields } from "../columns.ts";
import { partsOf, type Sheets } from "../open_sheet.ts";
import type { LateAppends } from "./late_appends.ts";
import { LATEST, RoomSheets } from "./room_sheets.ts";
import { Target, type TargetProgress } from "./target.ts";

/** What {@link Targets} works with. */
export interface TargetsParts {
  readonly kv: Deno.Kv;
  readonly sheets: Sheets;
  readonly lease: Lease;
  readonly lateAppends: LateAppends;
  readonly clock: Clock;
  readonly trace?: Trace;
  /** By which rows are proven, where they have a column for it. */
  readonly proofKey?: Uint8Array | undefined;
}

/** What decides to which sheet a row goes. */
export interface RowAddress {
  readonly room: string;
  /** `YYYY-MM-DD HH:MM:SS` in the service's time zone. */
  readonly time: string;
  /** Whether it is a row of changes. */
  readonly isChange: boolean;
  /** Versionstamp of its commit, which tells whether the room had moved by then. */
  readonly versionstamp: string;
}

const PREFIX = "destination";

/** The sheets by their places. */
export class Targets {
  readonly roomSheets: RoomSheets;
  readonly #parts: TargetsParts;
  readonly #all = new Map<string, Target>();
  #doubtfulUpTo = "";

  constructor(parts: TargetsParts) {
    this.#parts = parts;
    this.roomSheets = new RoomSheets(parts.kv);
  }

  /** Forgets their progress, because another process may have written. Batches up to `doubtfulUpTo` were pending at the start. */
  reload(doubtfulUpTo: string): void {
    this.#all.clear();
    this.#doubtfulUpTo = doubtfulUpTo;
  }

  /** The sheet for the row of a body that was committed with this versionstamp, if that sheet is known already. */
  cached(body: string, versionstamp: string): Target | undefined {
    return this.#all.get(this.#placeOf(addressOf(body, versionstamp)));
  }

  /** The sheet for the row of a body that was committed with this versionstamp. */
  ofBody(body: string, versionstamp: string): Promise<Target> {
    return this.of(addressOf(body, versionstamp));
  }

  /** The sheet for a row. */
  of(address: RowAddress): Promise<Target> {
    return this.at(this.#placeOf(address), address.isChange);
  }

  /** The sheet at a place. */
  async at(place: string, isChange: boolean): Promise<Target> {
    const { kv, sheets } = this.#parts;
    const present = this.#all.get(place);
    if (present) return present;
    const { value } = await kv.get<TargetProgress>(this.#keyOf(place));
    const known = this.#all.get(place);
    if (known) return known;
    const target = new Target({
      ...this.#parts,
      ...{ place, isChange },
      sheet: sheets.open(place, isChange),
      columns: isChange ? sheets.changesColumns : sheets.columns,
      progress: value ?? { settled: "" },
      doubtfulUpTo: this.#doubtfulUpTo,
    });
    this.#all.set(place, target);
    return target;
  }

  /** Whether rows like these go somewhere else from now on, all of them. */
  isLeft({ place, isChange }: Target, rows: readonly Fields[]): boolean {
    return rows.every(({ room, time = "" }) =>
      this.#placeOf({ room, time, isChange, versionstamp: LATEST }) !== place
    );
  }

  /** Adds the progress of a sheet to a commit. */
  save(commit: Deno.AtomicOperation, place: string, progress: TargetProgress): Deno.AtomicOperation {
    return commit.set(this.#keyOf(place), progress);
  }

  #keyOf(place: string): Deno.KvKey {
    const { spreadsheetId, tab } = partsOf(place, this.#parts.sheets.spreadsheet);
    return [PREFIX, spreadsheetId, tab];
  }

  #placeOf({ room, time, isChange, versionstamp }: RowAddress): string {
    return this.#parts.sheets.placeOf(room, time, isChange, this.roomSheets.of(room, versionstamp));
  }
}

function addressOf(body: string, versionstamp: string): RowAddress {
  return { room: roomInBody(body), time: timeInBody(body), isChange: isEntryBody(body), versionstamp };
}
