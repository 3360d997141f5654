/**
 * Brings messages from the outbox into the sheet: each as exactly one row, in the order of commits.
 *
 * What was done to messages goes into a second sheet, by the same steps.
 *
 * It works in slices of whole batches. Before it appends a slice it stores the last batch of the slice (the **intent**);
 * after the append, one commit deletes the batches from the outbox, and the intent. Whatever happens in between (a crash, a
 * lost reply, a lost lease), the next attempt finds the intent, asks the sheet which of these rows it has, and appends the
 * others.
 *
 * | key | value |
 * | --- | --- |
 * | `["log"]` | {@link Progress} |
 */
import type { DailyTotals } from "../../rooms/stats/daily_totals.ts";
import type { Trace } from "../../rooms/trace.ts";
import type { Archive } from "../../rooms/messages/archive.ts";
import { idInBody, isEntryBody } from "../../rooms/messages/message.ts";
import type { IdempotentCommit } from "../../rooms/kv/idempotent_commit.ts";
import { type Batch, countIn, type Outbox } from "../../rooms/messages/outbox.ts";
import type { Clock } from "../../rooms/clock.ts";
import type { Lease } from "../../rooms/kv/lease.ts";
import { changeFields, type Fields, messageFields } from "../columns.ts";
import { CHANGES_HEADER, type Row, type RowPosition, type Sheet } from "../sheet.ts";
import { type DeadLetter, DeadLetters } from "./dead_letters.ts";
import type { Way, WrittenRows } from "./row_writer.ts";
import { Target } from "./target.ts";

export type { Way };

/** How far delivery is. The names of fields are stored. */
interface Progress {
  /** Batches up to this versionstamp are settled. */
  readonly settled: string;
  /** The last row known to be in the sheet, and in that of changes. */
  readonly mark: RowPosition | undefined;
  readonly changesMark?: RowPosition;
  /** The last batch of a slice whose outcome isn't known; the slice begins with the first pending batch. */
  readonly intent: string | undefined;
  /** The name of the sheet that `mark` is a row of. */
  readonly sheet?: string;
}

/** What became of messages. */
export interface Settled {
  /** All batches up to this versionstamp are settled. */
  readonly upTo: string;
  /** Messages that are in the sheet. */
  readonly recorded: readonly Fields[];
  /** Rows that the sheet refused for good. */
  readonly refused: readonly DeadLetter[];
}

/** What the next append brings into the sheet. */
export interface Slice {
  readonly batches: readonly Batch[];
  readonly messages: readonly Fields[];
  /** What was done to messages: it goes into the other sheet. */
  readonly changes: readonly Fields[];
}

const PROGRESS = ["log"];
/** Google advises at most 2 MB a request (https://developers.google.com/workspace/sheets/api/limits). */
const SLICE_BYTES = 1_500_000;
/** The most rows in one append. */
export const SLICE_ROWS = 5_000;
/** Changes in one commit; KV allows 1,000 (https://docs.deno.com/deploy/kv/transactions/). */
const CHANGES_PER_COMMIT = 900;

/** What {@link Delivery} works with. */
export interface DeliveryParts {
  readonly kv: Deno.Kv;
  readonly outbox: Outbox;
  readonly archive: Archive;
  /** Gets the messages. */
  readonly sheet: Sheet;
  /** Its columns. */
  readonly columns: Row;
  /** Gets what was done to them. */
  readonly changes: Sheet;
  /** Must be held while rows are written. */
  readonly lease: Lease;
  /** Makes every commit that depends on the lease. */
  readonly idempotentCommit: IdempotentCommit;
  readonly clock: Clock;
  /** Counts the rows of each day. */
  readonly dailyTotals?: Pick<DailyTotals, "addRows">;
  readonly trace?: Trace;
}

/** The way of messages and changes from the outbox into their sheets, slice by slice. */
export class Delivery {
  readonly deadLetters: DeadLetters;
  readonly #parts: DeliveryParts;
  readonly #messages: Target;
  readonly #changes: Target;
  /** Batches up to this one waited at the start. KV may be a copy from before they were written: they are searched for. */
  #doubtfulUpTo: string | undefined;
  #progress: Progress = { settled: "", mark: undefined, intent: undefined };
  /** The versionstamp of {@link Progress} as this process last saw it. */
  #versionstamp: string | null = null;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    this.deadLetters = new DeadLetters(parts.kv);
    this.#messages = new Target({ ...parts, isChange: false });
    this.#changes = new Target({ ...parts, sheet: parts.changes, columns: CHANGES_HEADER, isChange: true });
  }

  /** All batches up to this versionstamp are settled. */
  get settled(): string {
    return this.#progress.settled;
  }

  /** Reads how far delivery is: another process may have written since. */
  async load(): Promise<void> {
    this.#doubtfulUpTo ??= await this.#parts.outbox.newest();
    const { value, versionstamp } = await this.#parts.kv.get<Progress>(PROGRESS);
    if (versionstamp === this.#versionstamp) return;
    if (value) this.#progress = value;
    // When rows went to another sheet before, its last row isn't in this one.
    const { sheet = this.#parts.sheet.name } = this.#progress;
    if (sheet !== this.#parts.sheet.name) {
      this.#progress = { ...this.#progress, mark: undefined, changesMark: undefined };
    }
    this.#versionstamp = versionstamp;
    for (const { writer } of this.targets) writer.reopen();
  }

  /** The versionstamp up to which all batches are settled by now, by any process. */
  async readSettled(): Promise<string> {
    return (await this.#parts.kv.get<Progress>(PROGRESS)).value?.settled ?? "";
  }

  /** The messages to write next, oldest first; `undefined` when none is pending. */
  async next(): Promise<Slice | undefined> {
    const batches: Batch[] = [];
    const messages: Fields[] = [];
    const changes: Fields[] = [];
    const { intent } = this.#progress;
    let bytes = 0;
    for await (const batch of this.#parts.outbox.after("")) {
      if (intent !== undefined && batch.versionstamp > intent) break;
      const count = messages.length + changes.length;
      const isFull = count + batch.bodies.length > SLICE_ROWS || bytes + batch.bytes > SLICE_BYTES;
      if (intent === undefined && count && isFull) break;
      batches.push(batch);
      for (const body of batch.bodies) {
        if (isEntryBody(body)) changes.push(changeFields(body));
        else messages.push(messageFields(body));
      }
      bytes += batch.bytes;
    }
    return batches.length ? { batches, messages, changes } : undefined;
  }

  /**
   * Appends the rows of a slice that aren't in the sheet, and settles the slice.
   *
   * @throws {Error} what the sheet throws; then the slice is still pending, and {@link next} returns it again.
   */
  async write(slice: Slice, way: Way): Promise<Settled> {
    const { kv, archive } = this.#parts;
    const upTo = slice.batches[slice.batches.length - 1].versionstamp;
    const { intent, mark, changesMark } = this.#progress;
    if (slice.messages.length) await this.#messages.writer.open(way.signal, mark);
    // Only now: where nobody changes anything, there is no second tab.
    if (slice.changes.length) await this.#changes.writer.open(way.signal, changesMark);
    if (upTo > archive.position) await archive.advance();
    if (intent === undefined) await this.#save({ ...this.#progress, intent: upTo }, kv.atomic());
    const isDoubtful = slice.batches[0].versionstamp <= (this.#doubtfulUpTo ?? "");
    const write = async (target: Target, all: readonly Fields[], last: RowPosition | undefined) => {
      if (!all.length) return { last, refused: [] };
      const { writer } = target;
      const rows = target.rowsOf(all);
      if (intent !== undefined) return await writer.complete(rows, last, way);
      if (!isDoubtful) return await writer.append(rows, way);
      const written = await writer.appendMissing(rows, last, way);
      // Rows are written in order: where these weren't, later ones weren't either.
      if (!written.found) this.#doubtfulUpTo = "";
      return written;
    };
    const messages: WrittenRows = await write(this.#messages, slice.messages, mark);
    const changes: WrittenRows = await write(this.#changes, slice.changes, changesMark);
    const causes = new Map([...messages.refused, ...changes.refused].map(({ id, cause }) => [id, cause]));
    const lettersOf = (all: readonly Fields[], isChange?: true): DeadLetter[] =>
      all.flatMap((fields) => {
        const cause = causes.get(fields.id);
        return cause === undefined ? [] : [{ fields, isChange, cause }];
      });
    const refused = causes.size ? [...lettersOf(slice.messages), ...lettersOf(slice.changes, true)] : [];
    await this.#settle(slice.batches, refused, {
      settled: upTo,
      mark: messages.last ?? mark,
      changesMark: changes.last ?? changesMark,
      intent: undefined,
    });
    return { upTo, recorded: slice.messages.filter(({ id }) => !causes.has(id)), refused };
  }

  /** Whether {@link tidy} has something to do. */
  async hasChores(): Promise<boolean> {
    for (const target of this.targets) if (await target.hasDoubles()) return true;
    return (await this.deadLetters.list()).some(({ isRetried }) => isRetried);
  }

  /**
   * Retries dead letters for which somebody asked that, and removes rows that came to be in the sheet twice; yields what
   * became of each letter.
   *
   * @throws {Error} what the sheet throws.
   */
  async *tidy(way: Way): AsyncGenerator<Settled> {
    const letters = (await this.deadLetters.list()).filter(({ isRetried }) => isRetried);
    for (const target of this.targets) {
      const last = this.#lastOf(target);
      for (const some of target.portions(letters)) {
        const { written, refused } = await target.retry(some, last, way);
        await this.#settleLetters(written, refused);
        const recorded = written.filter(({ isChange }) => !isChange).map(({ fields }) => fields);
        yield { upTo: this.settled, recorded, refused };
      }
      await target.removeDoubles(last, way);
    }
  }

  /** The sheets. */
  get targets(): readonly Target[] {
    return [this.#messages, this.#changes];
  }

  #lastOf({ isChange }: Target): RowPosition | undefined {
    return isChange ? this.#progress.changesMark : this.#progress.mark;
  }

  /** Deletes batches from the outbox. Progress is stored last: after a crash in between, the intent is still there. */
  async #settle(
    batches: readonly Batch[],
    refused: readonly DeadLetter[],
    progress: Progress,
  ): Promise<void> {
    const { kv, outbox, idempotentCommit, dailyTotals } = this.#parts;
    await this.deadLetters.keep(refused, (operation) => idempotentCommit.commit(operation));
    for (let i = 0; i < batches.length; i += CHANGES_PER_COMMIT) {
      const some = batches.slice(i, i + CHANGES_PER_COMMIT);
      const commit = kv.atomic();
      outbox.remove(commit, some);
      dailyTotals?.addRows(commit, rowsIn(some, refused));
      if (i + some.length === batches.length) await this.#save(progress, commit);
      else await idempotentCommit.commit(commit);
      outbox.changeDepth(-countIn(some));
    }
  }

  /** Removes dead letters whose rows are in the sheet by now, and keeps the others with their new causes. */
  async #settleLetters(written: readonly DeadLetter[], refused: readonly DeadLetter[]): Promise<void> {
    const { kv, idempotentCommit, dailyTotals } = this.#parts;
    await this.deadLetters.keep(refused, (operation) => idempotentCommit.commit(operation));
    const commit = kv.atomic();
    for (const letter of written) this.deadLetters.remove(commit, letter);
    const messages = written.filter(({ isChange }) => !isChange).length;
    if (messages) dailyTotals?.addRows(commit, messages);
    await idempotentCommit.commit(commit);
  }

  async #save(unnamed: Progress, commit: Deno.AtomicOperation): Promise<void> {
    const progress = { ...unnamed, sheet: this.#parts.sheet.name };
    this.#versionstamp = await this.#parts.idempotentCommit.commit(commit.set(PROGRESS, progress));
    this.#progress = progress;
  }
}

/** How many messages of these batches became rows. */
function rowsIn(batches: readonly Batch[], letters: readonly DeadLetter[]): number {
  const refused = new Set(letters.map(({ fields }) => fields.id));
  return batches.reduce((count, { bodies }) => {
    return count + bodies.filter((body) => !isEntryBody(body) && !refused.has(idInBody(body))).length;
  }, 0);
}
