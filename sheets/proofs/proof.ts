/**
 * Proofs: the column in which each row carries a hash of itself and of the one before it in its place.
 *
 * A proof is `<link>.<hash>`. The hash is an HMAC, by a key that stands in KV, over the row's other cells and the link, which is
 * the hash of the row before, or empty in the first one. So who can't read the key can neither make a row nor change one, whatever
 * may be edited in the sheet; and because each row names the one before it, a row that was taken out leaves a link that leads
 * nowhere. The order in which rows stand is people's, who may sort them.
 */
import { createHmac } from "node:crypto";
import { inRows } from "../column_layout.ts";
import type { Row } from "../sheet.ts";

/** The name of the column. */
export const PROOF = "proof";

/** Bytes of an HMAC that are kept: making up another row with the same takes 2^95 tries. */
const HASH_BYTES = 12;
const HASH = `[0-9a-f]{${2 * HASH_BYTES}}`;
const FORM = new RegExp(`^((?:${HASH})?)\\.(${HASH})$`);

/** The parts of a proof. */
export interface Proof {
  /** The hash of the row before; `""` in the first one. */
  readonly link: string;
  readonly hash: string;
}

/** The parts of what stands in the column; `undefined` when that is no proof. */
export function proofIn(cell: string): Proof | undefined {
  const match = FORM.exec(cell.trim());
  return match ? { link: match[1], hash: match[2] } : undefined;
}

/** Makes the hashes of the rows of a sheet whose columns, in any order, are `header`. */
export class Hasher {
  /** The index of the proof in a {@link Row}; -1 where rows carry none. */
  readonly index: number;
  readonly #key: Uint8Array;
  readonly #columns: Row;

  constructor(key: Uint8Array, header: Row) {
    this.#key = key;
    this.#columns = inRows(header);
    this.index = this.#columns.indexOf(PROOF);
  }

  /** The hash of a row, as it is read from the sheet, behind the one with the hash `link`. */
  hash(row: Row, link: string): string {
    const cells = row.flatMap((cell, index) => {
      const column = this.#columns[index];
      // A column that is added later is blank in the rows before.
      return column === PROOF || !cell.trim() ? [] : [[column, plain(column, cell)]];
    });
    const text = JSON.stringify([link, ...cells.sort(([a], [b]) => a < b ? -1 : 1)]);
    return createHmac("sha256", this.#key).update(text).digest("hex").slice(0, 2 * HASH_BYTES);
  }
}

/** A text without what programs change when they save it. */
function plain(column: string, text: string): string {
  if (column !== "date") return text.replaceAll(/\r\n?/g, "\n");
  if (/^\d{1,6}$/.test(text)) return new Date(EPOCH_MS + Number(text) * DAY_MS).toISOString().slice(0, 10);
  const [, year, month, day] = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(text.trim()) ?? [];
  return year ? `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}` : text;
}

/** Google's spreadsheets count days from here (https://developers.google.com/workspace/sheets/api/guides/formats). */
const EPOCH_MS = Date.UTC(1899, 11, 30);
const DAY_MS = 86_400_000;
