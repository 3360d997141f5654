/** Finds out by their proofs whether the rows of a sheet, or of a file that was exported from it, are those that were written. */
import { Hasher, type Proof, proofIn } from "./proof.ts";
import { idOf, type Row } from "../sheet.ts";

/** One row that isn't as it was written. */
export interface ProofFinding {
  /** `removed`: one or more rows that were written right before this one. */
  readonly kind: "altered" | "put in" | "removed";
  /** The place of the row among those that were taken, counted from 1. */
  readonly row: number;
  readonly id: string;
}

/** A row whose proof isn't its own. */
interface Suspect extends Proof {
  readonly row: number;
  readonly id: string;
}

/** Takes all rows of one place, in any order, and then tells what is wrong with them. */
export class ProofCheck {
  readonly #hasher: Hasher;
  /** The rows with a proof of their own, by its hash. */
  readonly #genuine = new Map<string, Suspect>();
  readonly #suspects: Suspect[] = [];
  /** Rows with an id and without a proof. */
  readonly #bare: { readonly row: number; readonly id: string }[] = [];
  readonly #doubled: { readonly row: number; readonly id: string }[] = [];
  #count = 0;
  #earliest = "~";

  /** `header` names the columns of the sheet, in any order. */
  constructor(key: Uint8Array, header: Row) {
    this.#hasher = new Hasher(key, header);
  }

  /** The number of rows that are proven to be as they were written. */
  get proven(): number {
    return this.#genuine.size;
  }

  /** The number of rows that are older than the first proof: nothing is known of them. */
  get older(): number {
    return this.#bare.filter(({ id }) => id < this.#earliest).length;
  }

  /** Takes a row. Rows of people, which have neither id nor proof, are left alone. */
  take(row: Row): void {
    const number = ++this.#count;
    const id = idOf(row);
    const proof = proofIn(row[this.#hasher.index] ?? "");
    if (!proof) {
      if (ULID.test(id)) this.#bare.push({ row: number, id });
      return;
    }
    const found = { ...proof, row: number, id };
    if (this.#hasher.hash(row, proof.link) !== proof.hash) this.#suspects.push(found);
    else if (this.#genuine.has(proof.hash)) this.#doubled.push(found);
    else {
      this.#genuine.set(proof.hash, found);
      if (id < this.#earliest) this.#earliest = id;
    }
  }

  /** What is wrong, in the order in which the rows were taken. */
  get findings(): ProofFinding[] {
    const links = new Set(Array.from(this.#genuine.values(), ({ link }) => link));
    // A row that was altered still has its proof: another one names it, or it stands behind one that nothing else follows.
    const isAltered = ({ link, hash }: Suspect): boolean =>
      !this.#genuine.has(hash) &&
      (links.has(hash) || (!links.has(link) && (link === "" || this.#genuine.has(link))));
    const altered = this.#suspects.filter(isAltered);
    const known = new Set(altered.map(({ hash }) => hash));
    const behindGap = [...this.#genuine.values(), ...altered].filter(({ link }) =>
      link !== "" && !this.#genuine.has(link) && !known.has(link)
    );
    const named = (kind: ProofFinding["kind"]) => ({ row, id }: { row: number; id: string }) => ({
      kind,
      row,
      id,
    });
    return [
      ...altered.map(named("altered")),
      ...this.#suspects.filter((suspect) => !isAltered(suspect)).map(named("put in")),
      ...this.#bare.filter(({ id }) => id >= this.#earliest).map(named("put in")),
      ...this.#doubled.map(named("put in")),
      ...behindGap.map(named("removed")),
    ].sort((a, b) => a.row - b.row);
  }
}

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
