/** One of the sheets that rows go to, and what is done there besides appending what is new. */
import type { Clock } from "../../rooms/clock.ts";
import type { Lease } from "../../rooms/kv/lease.ts";
import type { Trace } from "../../rooms/trace.ts";
import { type Fields, rowOf } from "../columns.ts";
import type { Row, RowPosition, Sheet } from "../sheet.ts";
import type { DeadLetter } from "./dead_letters.ts";
import { LateAppends } from "./late_appends.ts";
import { RowWriter, type Way } from "./row_writer.ts";

/** What a {@link Target} works with. */
export interface TargetParts {
  readonly kv: Deno.Kv;
  readonly sheet: Sheet;
  readonly columns: Row;
  /** Whether it gets what was done to messages. */
  readonly isChange: boolean;
  readonly lease: Lease;
  readonly clock: Clock;
  readonly trace?: Trace;
}

/** The most of what is retried in one append: Google advises at most 2 MB, and a commit in KV has 1,000 changes. */
const PORTION_CHARACTERS = 500_000;
const PORTION_LETTERS = 400;

/** One sheet, its columns, and the writer of its rows. Methods throw what the sheet throws. */
export class Target {
  readonly sheet: Sheet;
  readonly columns: Row;
  readonly isChange: boolean;
  readonly writer: RowWriter;
  readonly #lateAppends: LateAppends;
  readonly #clock: Clock;

  constructor(parts: TargetParts) {
    const { kv, sheet, columns, isChange, clock } = parts;
    this.sheet = sheet;
    this.columns = columns;
    this.isChange = isChange;
    this.#clock = clock;
    this.#lateAppends = new LateAppends(kv, isChange ? "suspect_change" : "suspect");
    this.writer = new RowWriter({ ...parts, lateAppends: this.#lateAppends });
  }

  /** The rows of these fields. */
  rowsOf(all: readonly Fields[]): Row[] {
    return all.map((fields) => rowOf(fields, this.columns));
  }

  /** The dead letters of this sheet, in portions that fit into one append. */
  *portions(letters: readonly DeadLetter[]): Generator<DeadLetter[]> {
    let portion: DeadLetter[] = [];
    let characters = 0;
    for (const letter of letters) {
      if ((letter.isChange ?? false) !== this.isChange) continue;
      portion.push(letter);
      characters += (letter.fields.message ?? letter.fields.text ?? "").length + 100;
      if (portion.length < PORTION_LETTERS && characters < PORTION_CHARACTERS) continue;
      yield portion;
      [portion, characters] = [[], 0];
    }
    if (portion.length) yield portion;
  }

  /** Appends the rows of dead letters that aren't in the sheet; `last` is the last known row. */
  async retry(
    letters: readonly DeadLetter[],
    last: RowPosition | undefined,
    way: Way,
  ): Promise<{ written: DeadLetter[]; refused: DeadLetter[] }> {
    await this.writer.open(way.signal, last);
    const { refused } = await this.writer.complete(
      this.rowsOf(letters.map(({ fields }) => fields)),
      undefined,
      way,
    );
    const causes = new Map(refused.map(({ id, cause }) => [id, cause]));
    return {
      written: letters.filter(({ fields }) => !causes.has(fields.id)),
      refused: letters.flatMap((letter) => {
        const cause = causes.get(letter.fields.id);
        return cause === undefined ? [] : [{ ...letter, cause, isRetried: undefined }];
      }),
    };
  }

  /** Whether rows may be in the sheet twice that an append wrote after it had been given up. */
  async hasDoubles(): Promise<boolean> {
    return (await this.#lateAppends.due(this.#clock.elapsed())).length > 0;
  }

  /** Takes them out; `last` is the last known row. */
  async removeDoubles(last: RowPosition | undefined, way: Way): Promise<void> {
    for (const suspect of await this.#lateAppends.due(this.#clock.elapsed())) {
      await this.writer.open(way.signal, last);
      await way.pace();
      await this.sheet.removeDoubles(suspect.ids, way.signal);
      await this.#lateAppends.clear(suspect);
    }
  }
}
