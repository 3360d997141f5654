/** Writes rows to the sheet so that each is there once, whatever the outcome of earlier attempts was. */
import { type Lease, LeaseLostError } from "../../rooms/kv/lease.ts";
import { type Trace, untraced } from "../../rooms/trace.ts";
import type { Chain } from "../proofs/chain.ts";
import { idOf, type Problem, type Row, type RowPosition, type Sheet, SheetError } from "../sheet.ts";

/** How one piece of work is done: `pace` resolves when the next append may begin, `signal` aborts the work. */
export interface Way {
  readonly pace: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** A row that the sheet refused for good, and why. */
export interface RefusedRow {
  readonly id: string;
  /** The sheet's sentence. */
  readonly cause: string;
  readonly problem: Problem;
}

/** What became of rows. */
export interface WrittenRows {
  /** The last of the rows in the sheet, as far as this is known. */
  readonly last: RowPosition | undefined;
  /** Rows that the sheet refused for good. */
  readonly refused: readonly RefusedRow[];
  /** The hash of the last row, where rows have proofs. */
  readonly link: string;
}

/** What is known of rows that may be in the sheet. */
export interface RowSearch {
  /** Where the search begins. */
  readonly from: RowPosition | undefined;
  /** The hash of the row behind which they belong. */
  readonly link: string;
  /** Whether those that stand followed it in this order, so that the others follow them. */
  readonly isFollowed: boolean;
}

type Appended = Pick<WrittenRows, "last" | "link">;

/** What {@link RowWriter} works with. */
export interface RowWriterParts {
  readonly sheet: Sheet;
  readonly chain: Chain;
  /** Must be held while rows are written. */
  readonly lease: Lease;
  /** Notes rows that may yet be written a second time. */
  readonly noteLate: (rows: readonly Row[]) => Promise<void>;
  readonly trace?: Trace;
}

/** Writes rows to one sheet. Every method throws what the sheet throws, and {@link LeaseLostError}. */
export class RowWriter {
  readonly #parts: RowWriterParts;
  #isOpen = false;

  constructor(parts: RowWriterParts) {
    this.#parts = parts;
  }

  /** Whether the sheet is open, and nothing has happened since that requires opening it again. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Opens the sheet, unless it is open; `last` is the last row that is known to be in it. */
  async open(signal: AbortSignal, last: RowPosition | undefined): Promise<void> {
    if (this.#isOpen) return;
    await this.#parts.sheet.open(signal, last);
    this.#isOpen = true;
  }

  /** Appends rows in order, behind the one with the hash `link`. */
  async append(rows: readonly Row[], link: string, way: Way): Promise<WrittenRows> {
    const refused: RefusedRow[] = [];
    return { ...await this.#append(rows, link, refused, way), refused };
  }

  /** Appends those rows that aren't in the sheet. */
  async appendMissing(
    rows: readonly Row[],
    search: RowSearch,
    way: Way,
  ): Promise<WrittenRows & { readonly found: number }> {
    const { missing, last, link } = await this.#find(rows, search, way);
    const found = rows.length - missing.length;
    if (!missing.length) return { last, refused: [], link, found };
    const written = await this.append(missing, link, way);
    return { ...written, last: written.last ?? last, found };
  }

  /** Like {@link appendMissing}, after an attempt whose outcome isn't known and that may still be carried out. */
  async complete(rows: readonly Row[], search: RowSearch, way: Way): Promise<WrittenRows> {
    await this.#parts.noteLate(rows);
    return await this.appendMissing(rows, search, way);
  }

  /** Which of the rows aren't in the sheet, the position of the last one that is, and the hash that the others follow. */
  async #find(
    rows: readonly Row[],
    { from, link, isFollowed }: RowSearch,
    { signal }: Way,
  ): Promise<{ missing: readonly Row[]; last: RowPosition | undefined; link: string }> {
    const { sheet, chain } = this.#parts;
    const { present, last } = await sheet.find(new Set(rows.map(idOf)), from, signal);
    const standing = isFollowed ? rows.filter((row) => present.has(idOf(row))) : [];
    const missing = rows.filter((row) => !present.has(idOf(row)));
    return { missing, last, link: chain.follow(standing, link).link };
  }

  /** Appends rows in order; when the sheet refuses some, appends halves until each refused row is alone. */
  async #append(rows: readonly Row[], link: string, refused: RefusedRow[], way: Way): Promise<Appended> {
    const { lease, sheet, chain, trace = untraced } = this.#parts;
    const chained = chain.follow(rows, link);
    try {
      await way.pace();
      // As late as possible, because the process may have been paused at any point before.
      lease.demand();
      const signal = AbortSignal.any([way.signal, lease.lost]);
      const last = await trace("append", { rows: rows.length }, () => sheet.append(chained.rows, signal))
        .finally(() => this.#noteIfLost(rows));
      return { last, link: chained.link };
    } catch (error) {
      if (lease.lost.aborted) throw new LeaseLostError();
      // Unless the sheet answered plainly, it may have changed since it was opened.
      if (!(error instanceof SheetError) || error.kind === "setup") this.#isOpen = false;
      if (!(error instanceof SheetError && error.kind === "refused")) throw error;
      return await this.#divide(rows, link, error, refused, way);
    }
  }

  /** Appends refused rows in halves, once it is known which of them are in the sheet all the same. */
  async #divide(
    rows: readonly Row[],
    before: string,
    refusal: SheetError,
    refused: RefusedRow[],
    way: Way,
  ): Promise<Appended> {
    const search = { from: undefined, link: before, isFollowed: true };
    const { missing, last, link } = await this.#find(rows, search, way);
    if (!missing.length) return { last, link };
    if (missing.length === 1 && rows.length === 1) {
      const { message: cause, code, values } = refusal;
      refused.push({ id: idOf(missing[0]), cause, problem: { code, values } });
      return { last, link };
    }
    const half = missing.length >> 1;
    const first = half ? await this.#append(missing.slice(0, half), link, refused, way) : { last, link };
    const second = await this.#append(missing.slice(half), first.link, refused, way);
    return { last: second.last ?? first.last ?? last, link: second.link };
  }

  /** When the lease was lost during an append, its next holder may have appended the same rows. */
  async #noteIfLost(rows: readonly Row[]): Promise<void> {
    const { lease, noteLate } = this.#parts;
    if (!lease.isHeld) await noteLate(rows);
  }
}
