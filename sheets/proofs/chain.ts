/** The rows of one place, each of which is proven together with the one before it. */
import { Hasher } from "./proof.ts";
import type { Row, Sheet } from "../sheet.ts";

/** Rows with their proofs, and the hash of the last one. */
export interface ChainedRows {
  readonly rows: readonly Row[];
  readonly link: string;
}

/** Puts proofs into rows. */
export class Chain {
  readonly #sheet: Pick<Sheet, "shown">;
  readonly #hasher: Hasher | undefined;

  /** Without a key, or a column for it, rows stay as they are. */
  constructor(
    { sheet, columns, proofKey }: {
      sheet: Pick<Sheet, "shown">;
      columns: Row;
      proofKey?: Uint8Array | undefined;
    },
  ) {
    this.#sheet = sheet;
    const hasher = proofKey && new Hasher(proofKey, columns);
    this.#hasher = hasher && hasher.index >= 0 ? hasher : undefined;
  }

  /** Has rows follow the one with the hash `link`. The same rows behind the same one get the same proofs. */
  follow(rows: readonly Row[], link: string): ChainedRows {
    const hasher = this.#hasher;
    if (!hasher) return { rows, link };
    const chained = rows.map((row) => {
      const hash = hasher.hash(this.#sheet.shown(row), link);
      const proven = row.with(hasher.index, `${link}.${hash}`);
      link = hash;
      return proven;
    });
    return { rows: chained, link };
  }
}
