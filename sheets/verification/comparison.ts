/** Compares the rows of a sheet with what they should say, in one pass over each, without keeping the texts. */
import { createHash } from "node:crypto";
import { decodeTime, isValid } from "ulid";
import { type Fields, rowOf } from "../columns.ts";
import { PROOF } from "../proofs/proof.ts";
import { inRows } from "../column_layout.ts";
import { idOf, type Row, type Sheet } from "../sheet.ts";

/** What is wrong with a sheet: ids of messages or of changes. */
export interface Findings {
  /** They should have a row. */
  readonly missing: readonly string[];
  /** They have more than one. */
  readonly doubled: readonly string[];
  /** Their row says something else. */
  readonly changed: readonly string[];
  /** They have a row, and nobody ever said that. */
  readonly foreign: readonly string[];
}

/** How much of a row is still known. */
export type Known =
  | "all"
  /** The words were changed or deleted later. */
  | "without words"
  /** Who said it was erased, too. */
  | "without person";

/** One row as it should be. */
export interface ExpectedRow {
  readonly fields: Fields;
  readonly known: Known;
  /** Whether it has to be there; otherwise it may be. */
  readonly isDue: boolean;
}

/** Which rows are compared, in ms since the epoch. */
export interface Period {
  readonly from: number;
  /** Rows of messages that are later are left alone: they may be on their way. */
  readonly to: number;
}

const WORDS = ["message", "text", "reply_to", "files"];
/** By column. Proofs are checked by themselves. */
const UNKNOWN: Readonly<Record<Known, ReadonlySet<string>>> = {
  "all": new Set([PROOF]),
  "without words": new Set([PROOF, ...WORDS]),
  "without person": new Set([PROOF, ...WORDS, "username", "account"]),
};
const KINDS = Object.keys(UNKNOWN) as readonly Known[];
/** Bytes of a hash that a number holds, with room for the two bits behind it. */
const HASH_BYTES = 6;

/** Compares one sheet with what it should have. First {@link expect} all rows, then {@link take} those of the sheet. */
export class Comparison {
  readonly #sheet: Pick<Sheet, "shown">;
  readonly #columns: Row;
  readonly #header: Row;
  /** For each id the hash of its row and what of it is known, as one number: 100,000 rows take about 10 MB. */
  readonly #expected = new Map<string, number>();
  readonly #due = new Set<string>();
  readonly #seen = new Set<string>();
  readonly #doubled = new Set<string>();
  readonly #changed = new Set<string>();
  readonly #foreign = new Set<string>();

  constructor(sheet: Pick<Sheet, "shown">, header: Row) {
    this.#sheet = sheet;
    this.#header = header;
    this.#columns = inRows(header);
  }

  /** A row that the sheet should have. */
  expect({ fields, known, isDue }: ExpectedRow): void {
    const row = this.#sheet.shown(rowOf(fields, this.#header));
    this.#expected.set(fields.id, this.#hash(row, known) * 4 + KINDS.indexOf(known));
    if (isDue) this.#due.add(fields.id);
  }

  /** A row of the sheet. Rows of people, which have no id, are left alone, and the order is theirs. */
  take(row: Row, { from, to }: Period): void {
    const id = idOf(row);
    if (!isValid(id)) return;
    if (this.#seen.has(id)) this.#doubled.add(id);
    this.#seen.add(id);
    const expected = this.#expected.get(id);
    if (expected === undefined) {
      const at = decodeTime(id);
      if (at >= from && at <= to) this.#foreign.add(id);
    } else if (this.#hash(row, KINDS[expected % 4]) !== Math.floor(expected / 4)) this.#changed.add(id);
  }

  /** Whether a row with this id should have stood in the sheet, or may have. */
  expects(id: string): boolean {
    return this.#expected.has(id);
  }

  /** Whether the sheet has a row with this id. */
  has(id: string): boolean {
    return this.#seen.has(id);
  }

  /** What is wrong, once all rows of the sheet were taken. */
  get findings(): Findings {
    return {
      missing: [...this.#due].filter((id) => !this.#seen.has(id)).sort(),
      doubled: [...this.#doubled].filter((id) => this.#expected.has(id)).sort(),
      changed: [...this.#changed].sort(),
      foreign: [...this.#foreign].sort(),
    };
  }

  /** The number of rows that should be there. */
  get size(): number {
    return this.#due.size;
  }

  #hash(row: Row, known: Known): number {
    const unknown = UNKNOWN[known];
    const cells = row.map((cell, index) => unknown.has(this.#columns[index]) ? "" : cell);
    // Programs save line ends as they like.
    const text = JSON.stringify(cells).replaceAll("\\r\\n", "\\n").replaceAll("\\r", "\\n");
    return createHash("sha256").update(text).digest().readUIntBE(0, HASH_BYTES);
  }
}
