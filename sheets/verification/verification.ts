/**
 * Compares what stands in the sheets with what was said. People may ask for it, and every six hours one isolate does it by
 * itself for the last week.
 *
 * | key | value |
 * | --- | --- |
 * | `["audit"]` | when the last audit began, in ms since the epoch |
 */
import { decodeTime, isValid } from "ulid";
import type { Archive } from "../../rooms/messages/archive.ts";
import type { Clock } from "../../rooms/clock.ts";
import type { DeadLetter, DeadLetters } from "../delivery/dead_letters.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { RoomSheets } from "../delivery/room_sheets.ts";
import type { Target } from "../delivery/target.ts";
import type { RowAddress } from "../delivery/targets.ts";
import { isOwnPlace } from "../open_sheet.ts";
import { type Notice, type Sheet, SheetError } from "../sheet.ts";
import { Comparison, type Findings } from "./comparison.ts";
import { ProofCheck } from "../proofs/proof_check.ts";
import { expectedRows } from "./expected_rows.ts";

/** What is wrong in all sheets together. */
export interface Verdict extends Findings {
  /** The number of rows that were compared. */
  readonly rows: number;
  /** Why sheets that rooms have of their own, or had, can't be read: their rows aren't compared. */
  readonly unread?: readonly string[];
  /** Rows that aren't as they were written, or that follow one that was taken out; missing where rows have no proofs. */
  readonly unproven?: readonly string[];
}

/** What {@link Verification} works on. */
export interface VerificationParts {
  readonly kv: Deno.Kv;
  readonly archive: Archive;
  readonly delivery: Pick<Delivery, "readSettled"> & {
    readonly roomSheets: Pick<RoomSheets, "refresh">;
    targetOf(address: RowAddress): Promise<Pick<Target, "place" | "sheet" | "columns">>;
  };
  readonly deadLetters: DeadLetters;
  /** By which rows are proven; undefined: they aren't. */
  readonly proofKey?: Uint8Array | undefined;
  /** History older than this is deleted; 0 = kept. */
  readonly retentionDays: number;
  readonly clock: Clock;
  /** Told what an audit has found. */
  readonly noticed: (notice: Notice) => void;
}

const AUDIT = ["audit"];
const DAY_MS = 86_400_000;
const AUDIT_EVERY_MS = DAY_MS / 4;
/** An audit looks back this far. */
const AUDIT_MS = 7 * DAY_MS;
/** How often to look whether an audit is due. */
const LOOK_EVERY_MS = 10 * 60_000;
/** A message may wait this long between getting its id and its commit, and the clocks of machines differ. */
const FRESH_MS = 2 * 60_000;
/** Google allows a user 60 reads a minute (https://developers.google.com/workspace/sheets/api/limits). */
const PAGES_AT_ONCE = 20;
const PAGE_EVERY_MS = 2_000;

/** Verifies the sheets. */
export class Verification {
  readonly #parts: VerificationParts;
  #lookAt = 0;

  constructor(parts: VerificationParts) {
    this.#parts = parts;
  }

  /** Has missing rows appended, as dead letters are that somebody retries; `from` as for {@link verify}. */
  async repair({ missing }: Findings, from: number): Promise<void> {
    if (!missing.length) return;
    const letters = await this.#lettersFor(missing, from);
    await this.#parts.deadLetters.keep(letters, (commit) => commit.commit());
  }

  /** Audits when that is due; resolves at once when it isn't, or another isolate does it. */
  async tick(signal: AbortSignal): Promise<void> {
    const { kv, clock, noticed } = this.#parts;
    if (clock.elapsed() < this.#lookAt) return;
    this.#lookAt = clock.elapsed() + LOOK_EVERY_MS;
    const entry = await kv.get<number>(AUDIT);
    const now = clock.now();
    if (entry.value !== null && entry.value + AUDIT_EVERY_MS > now) return;
    if (!(await kv.atomic().check(entry).set(AUDIT, now).commit()).ok) return;
    // At the very first start there is nothing to compare.
    if (entry.value === null) return;
    const { rows: _, ...found } = await this.verify(now - AUDIT_MS, signal);
    const counts = Object.entries(found)
      .filter(([, ids]) => ids.length).map(([what, { length }]) => `${length} ${what}`);
    if (!counts.length) return;
    noticed({
      code: "rows_differ",
      message: `Rows of the last week differ from what was said: ${counts.join(", ")}. ` +
        "deno task sheet verify names them, and with --repair appends what is missing.",
    });
  }

  /**
   * Compares all rows from a time on, in ms since the epoch. A row may stand in another place than the one it was meant for, when
   * that one couldn't be written any more.
   *
   * @throws {SheetError} when a sheet can't be read.
   */
  async verify(from: number, signal: AbortSignal): Promise<Verdict> {
    const { archive, delivery, deadLetters, retentionDays, clock, proofKey } = this.#parts;
    const now = clock.now();
    const kept = retentionDays ? now - (retentionDays - 1) * DAY_MS : 0;
    const letters = await deadLetters.list();
    // Before the history is read, and the sheet after it: what is settled by now has to be in both.
    const settled = await delivery.readSettled();
    const refused = new Set(letters.map(({ fields }) => fields.id));
    const comparisons = new Map<string, Compared>();
    const scope = { from: Math.max(from, kept), settled, refused };
    let oldest = Infinity;
    await delivery.roomSheets.refresh();
    for await (const { isChange, versionstamp, ...row } of expectedRows(archive, scope)) {
      signal.throwIfAborted();
      const { id, room, time = "" } = row.fields;
      const { place, sheet, columns } = await delivery.targetOf({ room, time, isChange, versionstamp });
      const known = comparisons.get(place) ?? {
        sheet,
        comparison: new Comparison(sheet, columns),
        proofs: proofKey && new ProofCheck(proofKey, columns),
      };
      comparisons.set(place, known);
      known.comparison.expect(row);
      if (!isChange) oldest = Math.min(oldest, decodeTime(id));
    }
    // What is older than the history may have been said.
    const period = { from: Math.max(scope.from, oldest), to: now - FRESH_MS };
    const unread: string[] = [];
    const all: Compared[] = [];
    let pages = 0;
    for (const [place, compared] of comparisons) {
      try {
        for await (const rows of compared.sheet.read(signal)) {
          for (const row of rows) {
            compared.comparison.take(row, period);
            compared.proofs?.take(row);
          }
          if (++pages > PAGES_AT_ONCE) await clock.wait(PAGE_EVERY_MS, signal);
        }
        all.push(compared);
      } catch (error) {
        if (!(error instanceof SheetError && error.kind === "setup") || !isOwnPlace(place)) throw error;
        unread.push(error.message);
      }
    }
    const verdict = {
      ...joined(all.map(({ comparison }) => comparison), [...comparisons.values()]),
      ...unread.length && { unread },
    };
    if (!proofKey) return verdict;
    const ids = all.flatMap(({ proofs }) => proofs?.findings ?? []).map(({ id }) => id);
    return {
      ...verdict,
      unproven: [...new Set(ids)].filter((id) => isValid(id) && decodeTime(id) >= from).sort(),
    };
  }

  /** The dead letters for rows that are missing, retried already. */
  async #lettersFor(missing: readonly string[], from: number): Promise<DeadLetter[]> {
    const ids = new Set(missing);
    const letters: DeadLetter[] = [];
    const scope = { from, settled: "~", refused: new Set<string>() };
    for await (const { fields, isChange, versionstamp } of expectedRows(this.#parts.archive, scope)) {
      if (!ids.has(fields.id)) continue;
      const kind = isChange ? { isChange } : {};
      letters.push({
        fields,
        ...kind,
        versionstamp,
        cause: "Its row was missing from the sheet.",
        problem: { code: "row_missing", values: {} },
        isRetried: true,
      });
    }
    return letters;
  }
}

/** A sheet, and what is to be found out about it. */
interface Compared {
  readonly sheet: Sheet;
  readonly comparison: Comparison;
  readonly proofs: ProofCheck | undefined;
}

/** The findings of sheets that could be read, among all of them. */
function joined(comparisons: readonly Comparison[], compared: readonly Compared[]): Verdict {
  const everywhere = compared.map(({ comparison }) => comparison);
  const found = comparisons.map(({ findings }) => ({
    ...findings,
    missing: findings.missing.filter((id) => !everywhere.some((sheet) => sheet.has(id))),
    foreign: findings.foreign.filter((id) => !everywhere.some((sheet) => sheet.expects(id))),
  }));
  const all = (kind: keyof Findings): string[] => found.flatMap((findings) => findings[kind]);
  return {
    rows: comparisons.reduce((sum, { size }) => sum + size, 0),
    missing: all("missing"),
    doubled: all("doubled"),
    changed: all("changed"),
    foreign: all("foreign"),
  };
}
