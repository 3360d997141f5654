/**
 * The ledger brings messages from the outbox into the sheet: each as exactly one row, in the order of commits.
 *
 * It works in slices of whole batches. Before it appends a slice it writes down up to where it is about to append
 * (the **intent**); after the append, one commit takes the batches out of the outbox and the intent away. Whatever
 * happens in between (a crash, a lost reply, a lost lease), the next attempt finds the intent, asks the sheet which
 * of these rows stand, and appends the others.
 *
 * | key | value |
 * | --- | --- |
 * | `["log"]` | {@link LogState} |
 * | `["dead", id]` | {@link DeadLetter} |
 */
import type { Archive } from "../rooms/archive.ts";
import { messageInBody } from "../rooms/message.ts";
import { type Batch, countIn, type Outbox } from "../rooms/outbox.ts";
import type { Lease } from "./lease.ts";
import { type Mark, type Row, type Sheet, SheetError } from "./sheet.ts";

/** How far the log is. */
interface LogState {
  /** Batches up to this versionstamp are settled. */
  readonly settled: string;
  /** The last row known to stand. */
  readonly mark: Mark | undefined;
  /** The last batch of a slice whose outcome isn't known; the slice begins with the first pending batch. */
  readonly intent: string | undefined;
}

/** A row that the sheet refuses for ever. */
export interface DeadLetter {
  readonly row: Row;
  /** The sheet's reason, for people. */
  readonly cause: string;
}

/** What became of a slice. */
export interface Settled {
  /** All batches up to this versionstamp are settled. */
  readonly upTo: string;
  readonly rows: readonly Row[];
  readonly dead: readonly DeadLetter[];
}

/** What the next append is to bring into the sheet. */
export interface Slice {
  readonly batches: readonly Batch[];
  readonly rows: readonly Row[];
}

const STATE = ["log"];
const DEAD = "dead";
/** Google advises at most 2 MB a request (https://developers.google.com/workspace/sheets/api/limits). */
const SLICE_BYTES = 1_500_000;
const SLICE_ROWS = 5_000;
/** Changes in one commit; KV allows 1,000. */
const CHANGES_PER_COMMIT = 900;

export class Ledger {
  readonly #kv: Deno.Kv;
  readonly #outbox: Outbox;
  readonly #archive: Archive;
  readonly #sheet: Sheet;
  readonly #lease: Lease;
  #state: LogState = { settled: "", mark: undefined, intent: undefined };
  /** The versionstamp of the state as this process last saw it. */
  #stamp: string | null = null;
  #isSheetOpen = false;

  /** `lease` guards every commit: it must be held while the ledger is used. */
  constructor(parts: { kv: Deno.Kv; outbox: Outbox; archive: Archive; sheet: Sheet; lease: Lease }) {
    this.#kv = parts.kv;
    this.#outbox = parts.outbox;
    this.#archive = parts.archive;
    this.#sheet = parts.sheet;
    this.#lease = parts.lease;
  }

  /** All batches up to this versionstamp are settled. */
  get settled(): string {
    return this.#state.settled;
  }

  /** Reads how far the log is: another process may have moved it. */
  async load(): Promise<void> {
    const entry = await this.#kv.get<LogState>(STATE);
    if (entry.versionstamp === this.#stamp) return;
    if (entry.value) this.#state = entry.value;
    this.#stamp = entry.versionstamp;
    // What this process knows of the sheet is out of date.
    this.#isSheetOpen = false;
  }

  /** The messages to write next, oldest first; `undefined` when none is pending. */
  async next(): Promise<Slice | undefined> {
    const batches: Batch[] = [];
    const rows: Row[] = [];
    const { intent } = this.#state;
    let bytes = 0;
    for await (const batch of this.#outbox.after("")) {
      if (intent !== undefined && batch.versionstamp > intent) break;
      const isFull = rows.length + batch.bodies.length > SLICE_ROWS || bytes + batch.bytes > SLICE_BYTES;
      if (intent === undefined && rows.length && isFull) break;
      batches.push(batch);
      for (const body of batch.bodies) rows.push(rowOf(body));
      bytes += batch.bytes;
    }
    return batches.length ? { batches, rows } : undefined;
  }

  /**
   * Appends what of a slice doesn't stand yet, and settles it. Throws what the sheet throws; then the slice is still
   * pending, and {@link next} yields it again. `pace` is awaited before each append.
   */
  async write(slice: Slice, pace: () => Promise<void>, signal: AbortSignal): Promise<Settled> {
    const upTo = slice.batches[slice.batches.length - 1].versionstamp;
    await this.#openSheet(signal);
    if (upTo > this.#archive.position) await this.#archive.advance();
    let { mark } = this.#state;
    let { rows } = slice;
    if (this.#state.intent !== undefined) {
      const found = await this.#sheet.find(new Set(rows.map(idOf)), mark, signal);
      rows = rows.filter((row) => !found.standing.has(idOf(row)));
      mark = found.last ?? mark;
    } else {
      await this.#save({ ...this.#state, intent: upTo }, this.#kv.atomic());
    }
    const dead: DeadLetter[] = [];
    if (rows.length) mark = await this.#append(rows, dead, pace, signal) ?? mark;
    await this.#settle(slice.batches, dead, { settled: upTo, mark, intent: undefined });
    return { upTo, rows: slice.rows, dead };
  }

  async #openSheet(signal: AbortSignal): Promise<void> {
    if (this.#isSheetOpen) return;
    await this.#sheet.open(signal);
    this.#isSheetOpen = true;
  }

  /** Appends rows in order; of those that the sheet refuses, halves, until the refused ones stand alone. */
  async #append(
    rows: readonly Row[],
    dead: DeadLetter[],
    pace: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<Mark | undefined> {
    try {
      await pace();
      return await this.#sheet.append(rows, signal);
    } catch (error) {
      if (error instanceof SheetError && error.kind === "setup") this.#isSheetOpen = false;
      if (!(error instanceof SheetError && error.kind === "refused")) throw error;
      if (rows.length === 1) {
        dead.push({ row: rows[0], cause: error.message });
        return undefined;
      }
      const half = rows.length >> 1;
      const first = await this.#append(rows.slice(0, half), dead, pace, signal);
      return await this.#append(rows.slice(half), dead, pace, signal) ?? first;
    }
  }

  /** Takes batches out of the outbox. The state changes last: after a crash in between, the intent still stands. */
  async #settle(batches: readonly Batch[], dead: readonly DeadLetter[], state: LogState): Promise<void> {
    for (let i = 0; i < dead.length; i += CHANGES_PER_COMMIT / 10) {
      const commit = this.#kv.atomic();
      for (const letter of dead.slice(i, i + CHANGES_PER_COMMIT / 10)) {
        commit.set([DEAD, idOf(letter.row)], letter);
      }
      await this.#commit(commit);
    }
    for (let i = 0; i < batches.length; i += CHANGES_PER_COMMIT) {
      const some = batches.slice(i, i + CHANGES_PER_COMMIT);
      const commit = this.#kv.atomic();
      this.#outbox.remove(commit, some);
      if (i + some.length === batches.length) await this.#save(state, commit);
      else await this.#commit(commit);
      this.#outbox.changeDepth(-countIn(some));
    }
  }

  async #save(state: LogState, commit: Deno.AtomicOperation): Promise<void> {
    this.#stamp = await this.#commit(commit.set(STATE, state));
    this.#state = state;
  }

  async #commit(commit: Deno.AtomicOperation): Promise<string> {
    const result = await this.#lease.guard(commit).commit();
    if (!result.ok) throw new Error("Writing to the log failed: another process holds the lease now");
    return result.versionstamp;
  }
}

/** The id of a row. */
export function idOf(row: Row): string {
  return row[4];
}

function rowOf(body: string): Row {
  const { time, room, username, message, id } = messageInBody(body);
  return [time, room, username, message, id];
}
