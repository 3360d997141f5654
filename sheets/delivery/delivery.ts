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
 */
import type { DailyTotals } from "../../rooms/stats/daily_totals.ts";
import { type Trace, untraced } from "../../rooms/trace.ts";
import type { Archive } from "../../rooms/messages/archive.ts";
import { messageInBody } from "../../rooms/messages/message.ts";
import type { IdempotentCommit } from "../../rooms/kv/idempotent_commit.ts";
import { type Batch, countIn, type Outbox } from "../../rooms/messages/outbox.ts";
import type { Clock } from "../../rooms/clock.ts";
import { type DeadLetter, DeadLetters } from "./dead_letters.ts";
import { type Lease, LeaseLostError } from "../../rooms/kv/lease.ts";
import { type Row, type RowPosition, type Sheet, SheetError } from "../sheet.ts";
import { LateAppends } from "./late_appends.ts";

/** How far the log is. */
interface LogState {
  /** Batches up to this versionstamp are settled. */
  readonly settled: string;
  /** The last row known to stand. */
  readonly mark: RowPosition | undefined;
  /** The last batch of a slice whose outcome isn't known; the slice begins with the first pending batch. */
  readonly intent: string | undefined;
  /** The sheet that the mark is of. */
  readonly sheet?: string;
}

/** What became of messages. */
export interface Settled {
  /** All batches up to this versionstamp are settled. */
  readonly upTo: string;
  /** Rows that stand. */
  readonly recorded: readonly Row[];
  /** Rows that the sheet refused for good. */
  readonly refused: readonly DeadLetter[];
}

/** What the next append is to bring into the sheet. */
export interface Slice {
  readonly batches: readonly Batch[];
  readonly rows: readonly Row[];
}

const STATE = ["log"];
/** Google advises at most 2 MB a request (https://developers.google.com/workspace/sheets/api/limits). */
const SLICE_BYTES = 1_500_000;
/** The most rows in one append. */
export const SLICE_ROWS = 5_000;
/** Changes in one commit; KV allows 1,000. */
const CHANGES_PER_COMMIT = 900;

export interface DeliveryParts {
  readonly kv: Deno.Kv;
  readonly outbox: Outbox;
  readonly archive: Archive;
  readonly sheet: Sheet;
  /** It must be held while the ledger is used. */
  readonly lease: Lease;
  /** Makes every commit that depends on the lease. */
  readonly idempotentCommit: IdempotentCommit;
  readonly clock: Clock;
  /** Counts the rows of each day. */
  readonly dailyTotals?: Pick<DailyTotals, "addRows">;
  readonly trace?: Trace;
}

/** How one piece of work is done: when appends may begin, and what cuts them short. */
export interface Way {
  readonly pace: () => Promise<void>;
  readonly signal: AbortSignal;
}

export class Delivery {
  readonly deadLetters: DeadLetters;
  readonly #parts: DeliveryParts;
  readonly #lateAppends: LateAppends;
  #state: LogState = { settled: "", mark: undefined, intent: undefined };
  /** The versionstamp of the state as this process last saw it. */
  #stamp: string | null = null;
  #isSheetOpen = false;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    this.deadLetters = new DeadLetters(parts.kv);
    this.#lateAppends = new LateAppends(parts.kv);
  }

  /** All batches up to this versionstamp are settled. */
  get settled(): string {
    return this.#state.settled;
  }

  /** Reads how far the log is: another process may have moved it. */
  async load(): Promise<void> {
    const entry = await this.#parts.kv.get<LogState>(STATE);
    if (entry.versionstamp === this.#stamp) return;
    if (entry.value) this.#state = entry.value;
    // Rows went to another sheet before: here its mark means nothing.
    const { sheet = this.#parts.sheet.name } = this.#state;
    if (sheet !== this.#parts.sheet.name) this.#state = { ...this.#state, mark: undefined };
    this.#stamp = entry.versionstamp;
    // What this process knows of the sheet is out of date.
    this.#isSheetOpen = false;
  }

  /** Up to which batch all are settled by now, whoever did it. */
  async readSettled(): Promise<string> {
    return (await this.#parts.kv.get<LogState>(STATE)).value?.settled ?? "";
  }

  /** The messages to write next, oldest first; `undefined` when none is pending. */
  async next(): Promise<Slice | undefined> {
    const batches: Batch[] = [];
    const rows: Row[] = [];
    const { intent } = this.#state;
    let bytes = 0;
    for await (const batch of this.#parts.outbox.after("")) {
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
   * pending, and {@link next} yields it again.
   */
  async write(slice: Slice, way: Way): Promise<Settled> {
    const { kv, archive } = this.#parts;
    const upTo = slice.batches[slice.batches.length - 1].versionstamp;
    await this.#openSheet(way.signal);
    if (upTo > archive.position) await archive.advance();
    const isUncertain = this.#state.intent !== undefined;
    if (!isUncertain) await this.#save({ ...this.#state, intent: upTo }, kv.atomic());
    const dead: DeadLetter[] = [];
    const { mark: from } = this.#state;
    const mark = await this.#complete(slice.rows, { isUncertain, from }, dead, way);
    await this.#settle(slice.batches, dead, { settled: upTo, mark, intent: undefined });
    const deadIds = new Set(dead.map(({ row }) => idOf(row)));
    return { upTo, recorded: slice.rows.filter((row) => !deadIds.has(idOf(row))), refused: dead };
  }

  /** Whether there is something to do besides what is pending. */
  async hasChores(): Promise<boolean> {
    if ((await this.#lateAppends.due(this.#parts.clock.elapsed())).length) return true;
    return (await this.deadLetters.list()).some(({ isRetried }) => isRetried);
  }

  /**
   * Tries dead letters again that somebody asked for, and takes out what came to stand twice; yields what became of
   * each letter. Throws what the sheet throws.
   */
  async *tidy(way: Way): AsyncGenerator<Settled> {
    const { clock, sheet } = this.#parts;
    for (const letter of await this.deadLetters.list()) {
      if (!letter.isRetried) continue;
      await this.#openSheet(way.signal);
      const refused: DeadLetter[] = [];
      await this.#complete([letter.row], { isUncertain: true, from: undefined }, refused, way);
      await this.deadLetters.keep(refused, (operation) => this.#parts.idempotentCommit.commit(operation));
      if (!refused.length) await this.#bury(letter);
      yield { upTo: this.#state.settled, recorded: refused.length ? [] : [letter.row], refused };
    }
    for (const suspect of await this.#lateAppends.due(clock.elapsed())) {
      await this.#openSheet(way.signal);
      await way.pace();
      await sheet.removeDoubles(suspect.ids, way.signal);
      await this.#lateAppends.clear(suspect);
    }
  }

  /** Appends those of the rows that don't stand yet, `from` that row on; answers the mark of the last known row. */
  async #complete(
    rows: readonly Row[],
    { isUncertain, from }: { isUncertain: boolean; from: RowPosition | undefined },
    dead: DeadLetter[],
    way: Way,
  ): Promise<RowPosition | undefined> {
    if (!isUncertain) return await this.#append(rows, dead, way) ?? from;
    await this.#lateAppends.note(rows, this.#parts.clock.now());
    const { missing, last } = await this.#lookFor(rows, from, way);
    if (!missing.length) return last ?? from;
    return await this.#append(missing, dead, way) ?? last ?? from;
  }

  /** Which of the rows don't stand, and the mark of the last one that does. */
  async #lookFor(
    rows: readonly Row[],
    from: RowPosition | undefined,
    { signal }: Way,
  ): Promise<{ missing: readonly Row[]; last: RowPosition | undefined }> {
    const { standing, last } = await this.#parts.sheet.find(new Set(rows.map(idOf)), from, signal);
    return { missing: rows.filter((row) => !standing.has(idOf(row))), last };
  }

  async #openSheet(signal: AbortSignal): Promise<void> {
    if (this.#isSheetOpen) return;
    await this.#parts.sheet.open(signal, this.#state.mark);
    this.#isSheetOpen = true;
  }

  /** Appends rows in order; of those that the sheet refuses, halves, until the refused ones stand alone. */
  async #append(rows: readonly Row[], dead: DeadLetter[], way: Way): Promise<RowPosition | undefined> {
    const { lease, sheet, trace = untraced } = this.#parts;
    try {
      await way.pace();
      // As late as can be: a process may have been paused anywhere before.
      lease.demand();
      const signal = AbortSignal.any([way.signal, lease.lost]);
      return await trace("append", { rows: rows.length }, () => sheet.append(rows, signal))
        .finally(() => this.#doubt(rows));
    } catch (error) {
      if (lease.lost.aborted) throw new LeaseLostError();
      // After anything else than a plain answer the sheet may not be what it was when it was opened.
      if (!(error instanceof SheetError) || error.kind === "setup") this.#isSheetOpen = false;
      if (!(error instanceof SheetError && error.kind === "refused")) throw error;
      return await this.#divide(rows, error, dead, way);
    }
  }

  /** Appends refused rows in halves, after a look which of them stand all the same. */
  async #divide(
    rows: readonly Row[],
    refusal: SheetError,
    dead: DeadLetter[],
    way: Way,
  ): Promise<RowPosition | undefined> {
    const { missing, last } = await this.#lookFor(rows, undefined, way);
    if (!missing.length) return last;
    if (missing.length === 1 && rows.length === 1) {
      dead.push({ row: missing[0], cause: refusal.message });
      return last;
    }
    const half = missing.length >> 1;
    const first = half ? await this.#append(missing.slice(0, half), dead, way) : undefined;
    return await this.#append(missing.slice(half), dead, way) ?? first ?? last;
  }

  /** Whoever has lost the lease in the middle of an append may have appended what its successor did, too. */
  async #doubt(rows: readonly Row[]): Promise<void> {
    const { lease, clock } = this.#parts;
    if (!lease.isHeld) await this.#lateAppends.note(rows, clock.now());
  }

  /** Takes batches out of the outbox. The state changes last: after a crash in between, the intent still stands. */
  async #settle(batches: readonly Batch[], dead: readonly DeadLetter[], state: LogState): Promise<void> {
    const { kv, outbox, idempotentCommit, dailyTotals } = this.#parts;
    await this.deadLetters.keep(dead, (operation) => idempotentCommit.commit(operation));
    for (let i = 0; i < batches.length; i += CHANGES_PER_COMMIT) {
      const some = batches.slice(i, i + CHANGES_PER_COMMIT);
      const commit = kv.atomic();
      outbox.remove(commit, some);
      dailyTotals?.addRows(commit, rowsIn(some, dead));
      if (i + some.length === batches.length) await this.#save(state, commit);
      else await idempotentCommit.commit(commit);
      outbox.changeDepth(-countIn(some));
    }
  }

  /** The row of a dead letter stands now. */
  async #bury(letter: DeadLetter): Promise<void> {
    const { kv, idempotentCommit, dailyTotals } = this.#parts;
    const commit = this.deadLetters.remove(kv.atomic(), letter);
    dailyTotals?.addRows(commit, 1);
    await idempotentCommit.commit(commit);
  }

  async #save(unnamed: LogState, commit: Deno.AtomicOperation): Promise<void> {
    const state = { ...unnamed, sheet: this.#parts.sheet.name };
    this.#stamp = await this.#parts.idempotentCommit.commit(commit.set(STATE, state));
    this.#state = state;
  }
}

/** The id of a row. */
export function idOf(row: Row): string {
  return row[4];
}

/** How many messages of these batches became rows. */
function rowsIn(batches: readonly Batch[], dead: readonly DeadLetter[]): number {
  const count = countIn(batches);
  if (!dead.length) return count;
  const refused = new Set(dead.map(({ row }) => idOf(row)));
  const ids = batches.flatMap(({ bodies }) => bodies.map((body) => messageInBody(body).id));
  return ids.filter((id) => !refused.has(id)).length;
}

function rowOf(body: string): Row {
  const { time, room, username, message, id } = messageInBody(body);
  return [time, room, username, message, id];
}
