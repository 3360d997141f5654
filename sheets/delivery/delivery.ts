/**
 * Brings messages from the outbox into their sheets: each as exactly one row, in the order of commits within each sheet.
 *
 * Rows of one commit may go to several sheets: what was done to messages has a sheet of its own, and the name of a tab or file
 * may contain the room and the month. Each sheet has its own progress, so that a sheet with an error delays none of the others.
 *
 * It works in slices: rows of one sheet, out of whole batches. Before it appends a slice it stores the last batch of the slice
 * (the **intent**); after the append, one commit removes the intent, and deletes those batches from the outbox whose rows are
 * settled in all sheets. Whatever happens in between (a crash, a lost reply, a lost lease), the next attempt finds the intent,
 * asks the sheet which of these rows it has, and appends the others.
 *
 * | key | value |
 * | --- | --- |
 * | `["log"]` | {@link Progress}; every commit of a sheet's progress sets it, too |
 */
import type { DailyTotals } from "../../rooms/stats/daily_totals.ts";
import type { Trace } from "../../rooms/trace.ts";
import type { Archive } from "../../rooms/messages/archive.ts";
import type { IdempotentCommit } from "../../rooms/kv/idempotent_commit.ts";
import { countIn, type Outbox } from "../../rooms/messages/outbox.ts";
import type { Clock } from "../../rooms/clock.ts";
import type { Lease } from "../../rooms/kv/lease.ts";
import type { Fields } from "../columns.ts";
import type { Sheets } from "../open_sheet.ts";
import { problemOf, SheetError } from "../sheet.ts";
import { type DeadLetter, DeadLetters } from "./dead_letters.ts";
import { LateAppends } from "./late_appends.ts";
import { divided, type LegacyProgress } from "./legacy_progress.ts";
import type { Way } from "./row_writer.ts";
import { LATEST, type RoomSheets } from "./room_sheets.ts";
import { type Slice, Slices, versionstampOf } from "./slices.ts";
import type { Target, TargetProgress } from "./target.ts";
import { type RowAddress, Targets } from "./targets.ts";

export type { Way };

/** How far delivery is. The names of fields are stored. */
interface Progress {
  /** All batches up to this versionstamp are settled. */
  readonly settled: string;
}

/** The outcome of writing rows. */
export interface Settled {
  /** All batches up to this versionstamp are settled. */
  readonly upTo: string;
  /** Messages that are in the sheet. */
  readonly recorded: readonly Fields[];
  /** Rows that the sheet refused for good. */
  readonly refused: readonly DeadLetter[];
}

const PROGRESS = ["log"];
/** Changes in one commit; KV allows 1,000 (https://docs.deno.com/deploy/kv/transactions/). */
const CHANGES_PER_COMMIT = 900;

/** What {@link Delivery} works with. */
export interface DeliveryParts {
  readonly kv: Deno.Kv;
  readonly outbox: Outbox;
  readonly archive: Archive;
  readonly sheets: Sheets;
  /** Must be held while rows are written. */
  readonly lease: Lease;
  /** Makes every commit that depends on the lease. */
  readonly idempotentCommit: IdempotentCommit;
  readonly clock: Clock;
  /** Counts the rows of each day. */
  readonly dailyTotals?: Pick<DailyTotals, "addRows">;
  readonly trace?: Trace;
  /** By which rows are proven, where they have a column for it. */
  readonly proofKey?: Uint8Array | undefined;
}

/** Brings messages and changes from the outbox into their sheets, slice by slice. */
export class Delivery {
  readonly deadLetters: DeadLetters;
  readonly #parts: DeliveryParts;
  readonly #targets: Targets;
  readonly #slices: Slices;
  readonly #lateAppends: LateAppends;
  /** Batches up to this one were pending at the start. KV may be a restored copy that is older than their rows, so the sheet is searched for them. */
  #doubtfulUpTo: string | undefined;
  #progress: Progress = { settled: "" };
  /** The versionstamp of {@link Progress} as this process last saw it. */
  #versionstamp: string | null | undefined;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    this.deadLetters = new DeadLetters(parts.kv);
    this.#lateAppends = new LateAppends(parts.kv);
    this.#targets = new Targets({ ...parts, lateAppends: this.#lateAppends });
    this.#slices = new Slices(parts.outbox, this.#targets);
  }

  /** All batches up to this versionstamp are settled. */
  get settled(): string {
    return this.#progress.settled;
  }

  /** Reads how far delivery is: another process may have written since. */
  async load(): Promise<void> {
    const { kv, outbox } = this.#parts;
    this.#doubtfulUpTo ??= await outbox.newest();
    const entry = await kv.get<LegacyProgress>(PROGRESS);
    if (entry.versionstamp === this.#versionstamp) return;
    await outbox.removedUpTo();
    this.#versionstamp = await this.#divide(entry);
    this.#progress = { settled: entry.value?.settled ?? "" };
    this.#slices.reload();
    this.#targets.reload(this.#doubtfulUpTo);
  }

  /** The versionstamp up to which all batches are settled by now, by any process. */
  async readSettled(): Promise<string> {
    return (await this.#parts.kv.get<Progress>(PROGRESS)).value?.settled ?? "";
  }

  /** The rooms with sheets of their own. */
  get roomSheets(): RoomSheets {
    return this.#targets.roomSheets;
  }

  /** The sheet for a row, by the moves of rooms that are known. */
  targetOf(address: RowAddress): Promise<Target> {
    return this.#targets.of(address);
  }

  /** What to write next, but not to the `blocked` places; `undefined` when there is nothing. */
  next(blocked: ReadonlySet<string>): Promise<Slice | undefined> {
    return this.#slices.next(blocked);
  }

  /**
   * Appends the rows of a slice that aren't in their sheet, and settles the slice. Where nobody can write any more, and which all
   * of its rooms have left, they are set aside and go where these rooms are now.
   *
   * @throws {Error} what the sheet throws; then the slice is still pending, and {@link next} returns it again.
   */
  async write(slice: Slice, way: Way): Promise<Settled> {
    try {
      return await this.#write(slice, way);
    } catch (error) {
      const { target, fields, batches } = slice;
      const isShut = error instanceof SheetError && error.kind === "setup";
      if (!isShut || !this.#targets.isLeft(target, fields)) throw error;
      const settled = batches[batches.length - 1].versionstamp;
      const why = { cause: error.message, problem: problemOf(error) };
      const kind = { ...isChangeOf(target), versionstamp: LATEST, isRetried: true, ...why };
      const letters = fields.map((fields): DeadLetter => ({ fields, ...kind }));
      const { intent: _, ...progress } = target.progress;
      await this.#settle(slice, letters, { ...progress, settled });
      return { upTo: this.settled, recorded: [], refused: letters };
    }
  }

  async #write(slice: Slice, way: Way): Promise<Settled> {
    const { kv, archive } = this.#parts;
    const { target, fields, batches } = slice;
    const upTo = batches[batches.length - 1].versionstamp;
    // Only now: where nobody changes anything, there is no second tab.
    if (fields.length) await target.open(way.signal);
    if (upTo > archive.position) await archive.advance();
    const isAgain = target.progress.intent !== undefined;
    if (!isAgain) {
      await this.#save(kv.atomic(), target, { ...target.progress, intent: upTo }, this.settled);
    }
    const { last, refused, link } = await target.write(
      fields,
      { first: batches[0].versionstamp, isAgain },
      way,
    );
    const causes = new Map(refused.map(({ id, ...cause }) => [id, cause]));
    const letters = fields.flatMap((fields): DeadLetter[] => {
      const cause = causes.get(fields.id);
      if (cause === undefined) return [];
      return [{ fields, ...isChangeOf(target), versionstamp: versionstampOf(fields.id, batches), ...cause }];
    });
    const proof = link ? { proof: link } : {};
    await this.#settle(slice, letters, { settled: upTo, mark: last ?? target.progress.mark, ...proof });
    const recorded = target.isChange ? [] : fields.filter(({ id }) => !causes.has(id));
    return { upTo: this.settled, recorded, refused: letters };
  }

  /** Whether {@link tidy} has something to do. */
  async hasChores(): Promise<boolean> {
    if ((await this.#lateAppends.due(this.#parts.clock.elapsed())).length) return true;
    return (await this.deadLetters.list()).some(({ isRetried }) => isRetried);
  }

  /**
   * Retries dead letters if somebody asked for that, and removes rows that are in a sheet twice; yields the outcome for each
   * letter.
   *
   * @throws {Error} what the sheet throws.
   */
  async *tidy(way: Way): AsyncGenerator<Settled> {
    await this.roomSheets.refresh();
    const letters = new Map<Target, DeadLetter[]>();
    for (const letter of await this.deadLetters.list()) {
      if (!letter.isRetried) continue;
      const { fields: { room, time = "" }, isChange = false, versionstamp = "" } = letter;
      const target = await this.targetOf({ room, time, isChange, versionstamp });
      const own = letters.get(target);
      if (own) own.push(letter);
      else letters.set(target, [letter]);
    }
    for (const [target, all] of letters) {
      for (const some of target.portions(all)) {
        const { written, refused, link } = await target.retry(some, way);
        await this.#settleLetters(target, written, refused, link);
        const recorded = target.isChange ? [] : written.map(({ fields }) => fields);
        yield { upTo: this.settled, recorded, refused };
      }
    }
    for (const suspect of await this.#lateAppends.due(this.#parts.clock.elapsed())) {
      // Versions that knew two sheets noted no place, and may have noted some right before an upgrade.
      if (suspect.place !== undefined) {
        await (await this.#targets.at(suspect.place, suspect.isChange)).removeDoubles(suspect, way);
      }
      await this.#lateAppends.clear(suspect);
    }
  }

  /** Deletes batches from the outbox. Progress is stored last: after a crash in between, the intent is still there. */
  async #settle(
    slice: Slice,
    refused: readonly DeadLetter[],
    progress: TargetProgress,
  ): Promise<void> {
    const { kv, outbox, idempotentCommit, dailyTotals } = this.#parts;
    const { target, fields } = slice;
    await this.deadLetters.keep(refused, (operation) => idempotentCommit.commit(operation));
    const { removed, settled = this.settled } = this.#slices.settledBy(slice);
    for (let i = 0;; i += CHANGES_PER_COMMIT) {
      const some = removed.slice(i, i + CHANGES_PER_COMMIT);
      const commit = kv.atomic();
      if (some.length) outbox.remove(commit, some);
      const isLast = i + CHANGES_PER_COMMIT >= removed.length;
      if (isLast) {
        const rows = target.isChange ? 0 : fields.length - refused.length;
        if (rows) dailyTotals?.addRows(commit, rows);
        await this.#save(commit, target, progress, settled);
      } else await idempotentCommit.commit(commit);
      outbox.changeDepth(-countIn(some));
      if (isLast) return;
    }
  }

  /** Removes dead letters whose rows are in the sheet by now, and keeps the others with their new causes. */
  async #settleLetters(
    target: Target,
    written: readonly DeadLetter[],
    refused: readonly DeadLetter[],
    link: string,
  ): Promise<void> {
    const { kv, idempotentCommit, dailyTotals } = this.#parts;
    await this.deadLetters.keep(refused, (operation) => idempotentCommit.commit(operation));
    const commit = kv.atomic();
    for (const letter of written) this.deadLetters.remove(commit, letter);
    const messages = written.filter(({ isChange }) => !isChange).length;
    if (messages) dailyTotals?.addRows(commit, messages);
    const proof = link ? { proof: link } : {};
    await this.#save(commit, target, { ...target.progress, ...proof }, this.settled);
  }

  async #save(
    commit: Deno.AtomicOperation,
    target: Target,
    progress: TargetProgress,
    settled: string,
  ): Promise<void> {
    const all: Progress = { settled: settled > this.settled ? settled : this.settled };
    this.#targets.save(commit.set(PROGRESS, all), target.place, progress);
    this.#versionstamp = await this.#parts.idempotentCommit.commit(commit);
    this.#progress = all;
    target.progress = progress;
  }

  /** Divides what versions stored that knew two sheets; answers the new versionstamp of {@link Progress}. */
  async #divide({ value, versionstamp }: Deno.KvEntryMaybe<LegacyProgress>): Promise<string | null> {
    const { kv, sheets } = this.#parts;
    const all = divided(value, sheets);
    if (!value || !all) return versionstamp;
    const commit = kv.atomic().check({ key: PROGRESS, versionstamp }).set(PROGRESS, {
      settled: value.settled,
    });
    for (const [place, progress] of all) this.#targets.save(commit, place, progress);
    const result = await commit.commit();
    return result.ok ? result.versionstamp : (await kv.get(PROGRESS)).versionstamp;
  }
}

function isChangeOf({ isChange }: Target): { isChange?: true } {
  return isChange ? { isChange } : {};
}
