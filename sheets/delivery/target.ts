/** One sheet that rows go to: its progress, its writer, retries of dead letters, removal of duplicates. */
import type { Clock } from "../../rooms/clock.ts";
import type { Lease } from "../../rooms/kv/lease.ts";
import type { Trace } from "../../rooms/trace.ts";
import { type Fields, rowsOf } from "../columns.ts";
import type { Row, RowPosition, Sheet } from "../sheet.ts";
import type { DeadLetter } from "./dead_letters.ts";
import type { DueAppend, LateAppends } from "./late_appends.ts";
import { Chain } from "../proofs/chain.ts";
import { RowWriter, type Way, type WrittenRows } from "./row_writer.ts";

/** The progress of one sheet. The names of the fields are stored. */
export interface TargetProgress {
  /** Its rows of batches up to this versionstamp are settled. */
  readonly settled: string;
  /** The last row known to be in it. */
  readonly mark?: RowPosition;
  /** The last batch of a slice whose outcome isn't known; the slice begins with the first row that isn't settled. */
  readonly intent?: string;
  /** The hash of the last row that is settled, where rows have proofs. */
  readonly proof?: string;
}

/** What a {@link Target} works with. */
export interface TargetParts {
  /** The tab or file: its name in KV. */
  readonly place: string;
  readonly sheet: Sheet;
  readonly columns: Row;
  /** Whether it gets what was done to messages. */
  readonly isChange: boolean;
  readonly progress: TargetProgress;
  /** Batches up to this one may have been written without KV knowing: it may be a restored copy. */
  readonly doubtfulUpTo: string;
  readonly lease: Lease;
  readonly lateAppends: LateAppends;
  readonly clock: Clock;
  readonly trace?: Trace;
  /** The key of the proofs of rows, for sheets with that column. */
  readonly proofKey?: Uint8Array | undefined;
}

/** The most characters retried in one append: Google advises at most 2 MB, and a commit in KV has 1,000 changes. */
const PORTION_CHARACTERS = 500_000;
const PORTION_LETTERS = 400;

/** One sheet, its columns, and the writer of its rows. Methods throw what the sheet throws. */
export class Target {
  readonly place: string;
  readonly sheet: Sheet;
  readonly columns: Row;
  readonly isChange: boolean;
  progress: TargetProgress;
  readonly #writer: RowWriter;
  #doubtfulUpTo: string;

  constructor(parts: TargetParts) {
    const { place, sheet, columns, isChange, progress, doubtfulUpTo, lateAppends, clock } = parts;
    this.place = place;
    this.sheet = sheet;
    this.columns = columns;
    this.isChange = isChange;
    this.progress = progress;
    this.#doubtfulUpTo = doubtfulUpTo;
    const noteLate = (rows: readonly Row[]): Promise<void> => lateAppends.note(rows, clock.now(), this);
    const chain = new Chain(parts);
    this.#writer = new RowWriter({ ...parts, chain, noteLate });
  }

  get isOpen(): boolean {
    return this.#writer.isOpen;
  }

  /** Opens the sheet, unless it is open. */
  open(signal: AbortSignal): Promise<void> {
    return this.#writer.open(signal, this.progress.mark);
  }

  /**
   * Writes the rows of a slice, each once. After an attempt whose outcome isn't known (`isAgain`), or where KV may be older than
   * the sheet, it looks first which of them are there; `first` is the slice's first batch.
   */
  async write(
    all: readonly Fields[],
    { first, isAgain }: { first: string; isAgain: boolean },
    way: Way,
  ): Promise<WrittenRows> {
    const { mark, proof: link = "" } = this.progress;
    const rows = rowsOf(all, this.columns);
    if (!rows.length) return { last: mark, refused: [], link };
    if (isAgain) return await this.#writer.complete(rows, { from: mark, link, isFollowed: true }, way);
    if (first > this.#doubtfulUpTo) return await this.#writer.append(rows, link, way);
    const written = await this.#writer.appendMissing(rows, { from: mark, link, isFollowed: true }, way);
    // Rows are written in order: if these rows are missing, so are later ones.
    if (!written.found) this.#doubtfulUpTo = "";
    return written;
  }

  /** The dead letters of this sheet, in portions that fit into one append. */
  *portions(letters: readonly DeadLetter[]): Generator<DeadLetter[]> {
    let portion: DeadLetter[] = [];
    let characters = 0;
    for (const letter of letters) {
      portion.push(letter);
      characters += (letter.fields.message ?? letter.fields.text ?? "").length + 100;
      if (portion.length < PORTION_LETTERS && characters < PORTION_CHARACTERS) continue;
      yield portion;
      [portion, characters] = [[], 0];
    }
    if (portion.length) yield portion;
  }

  /** Appends the rows of dead letters that aren't in the sheet. */
  async retry(
    letters: readonly DeadLetter[],
    way: Way,
  ): Promise<{ written: DeadLetter[]; refused: DeadLetter[]; link: string }> {
    await this.open(way.signal);
    const rows = rowsOf(letters.map(({ fields }) => fields), this.columns);
    const { proof = "" } = this.progress;
    // Some may have been written long ago, far above the last row.
    const search = { from: undefined, link: proof, isFollowed: false };
    const { refused, link } = await this.#writer.complete(rows, search, way);
    const causes = new Map(refused.map(({ id, ...cause }) => [id, cause]));
    return {
      link,
      written: letters.filter(({ fields }) => !causes.has(fields.id)),
      refused: letters.flatMap((letter) => {
        const cause = causes.get(letter.fields.id);
        return cause === undefined ? [] : [{ ...letter, ...cause, isRetried: undefined }];
      }),
    };
  }

  /** Removes rows that Google wrote a second time, by an append that had been given up. */
  async removeDoubles({ ids }: DueAppend, way: Way): Promise<void> {
    await this.open(way.signal);
    await way.pace();
    await this.sheet.removeDoubles(ids, way.signal);
  }
}
