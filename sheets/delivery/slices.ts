/** Takes from the outbox what is to be written next: rows of one sheet, out of whole batches. */
import { idInBody, isEntryBody } from "../../rooms/messages/message.ts";
import type { Batch, Outbox } from "../../rooms/messages/outbox.ts";
import { changeFields, type Fields, messageFields } from "../columns.ts";
import type { Target } from "./target.ts";
import type { Targets } from "./targets.ts";

/** The rows of the next append. */
export interface Slice {
  readonly target: Target;
  readonly fields: readonly Fields[];
  /** The batches that were read for it, in order. */
  readonly batches: readonly Batch[];
  /** For each batch the sheets of its rows that were pending. */
  readonly targets: readonly ReadonlySet<Target>[];
  /** Whether they begin with the oldest batch of all. */
  readonly isFromStart: boolean;
}

/** Google advises at most 2 MB a request (https://developers.google.com/workspace/sheets/api/limits). */
const SLICE_BYTES = 1_500_000;
/** The most rows in one append. */
export const SLICE_ROWS = 5_000;
/** The most bytes read for one append where many sheets share the batches. */
const SCAN_BYTES = 8_000_000;
/** The rows of the outbox by their sheets. */
export class Slices {
  readonly #outbox: Outbox;
  readonly #targets: Targets;
  /** Up to this batch, all pending rows are for sheets that were blocked at the last call; `#floorOf` are their places. */
  #floor = "";
  #floorOf: ReadonlySet<string> = new Set();

  constructor(outbox: Outbox, targets: Targets) {
    this.#outbox = outbox;
    this.#targets = targets;
  }

  /** Begins with the oldest batch again: another process may have written. */
  reload(): void {
    this.#floor = "";
  }

  /**
   * The rows to write next: those of one sheet, which is the one of the oldest pending row that isn't for a blocked sheet.
   * `undefined` when there are none.
   */
  async next(blocked: ReadonlySet<string>): Promise<Slice | undefined> {
    // In this order: each room that moved before one of these batches is known to have moved.
    const newest = await this.#outbox.newest();
    await this.#targets.roomSheets.refresh();
    if (!this.#floorOf.isSubsetOf(blocked)) this.#floor = "";
    this.#floorOf = blocked;
    let target: Target | undefined;
    const fields: Fields[] = [];
    const batches: Batch[] = [];
    const targets: Set<Target>[] = [];
    let bytes = 0;
    let scanned = 0;
    const isFromStart = this.#floor === "";
    for await (const batch of this.#outbox.after(this.#floor)) {
      if (batch.versionstamp > newest) break;
      const intent = target?.progress.intent;
      if (intent !== undefined && batch.versionstamp > intent) break;
      const own: string[] = [];
      const pending = new Set<Target>();
      for (const body of batch.bodies) {
        const its = this.#targets.cached(body, batch.versionstamp) ??
          await this.#targets.ofBody(body, batch.versionstamp);
        if (batch.versionstamp <= its.progress.settled) continue;
        pending.add(its);
        if (!target && !blocked.has(its.place)) target = its;
        if (its === target) own.push(body);
      }
      const isFull = fields.length + own.length > SLICE_ROWS || bytes + batch.bytes > SLICE_BYTES;
      if (intent === undefined && fields.length && (isFull || scanned > SCAN_BYTES)) break;
      if (!target && pending.size) {
        this.#floor = batch.versionstamp;
        continue;
      }
      batches.push(batch);
      targets.push(pending);
      for (const body of own) fields.push(isEntryBody(body) ? changeFields(body) : messageFields(body));
      if (own.length) bytes += batch.bytes;
      scanned += batch.bytes;
    }
    if (!batches.length) return undefined;
    target ??= await this.#targets.ofBody(batches[0].bodies[0], batches[0].versionstamp);
    return { target, fields, batches, targets, isFromStart: isFromStart && this.#floor === "" };
  }

  /**
   * After the rows of a slice were settled: the batches of it that are settled in all sheets, and the versionstamp up to which
   * all batches are, if the slice shows that.
   */
  settledBy({ target, batches, targets, isFromStart }: Slice): { removed: Batch[]; settled?: string } {
    const isSettled = ({ versionstamp }: Batch, at: number): boolean =>
      targets[at].values().every((its) => its === target || versionstamp <= its.progress.settled);
    const removed = batches.filter(isSettled);
    if (!isFromStart) return { removed };
    const first = batches.find((batch, at) => !isSettled(batch, at));
    return {
      removed,
      settled: first ? before(first.versionstamp) : batches[batches.length - 1].versionstamp,
    };
  }
}

/** The versionstamp right before one. */
function before(versionstamp: string): string {
  return (BigInt(`0x${versionstamp}`) - 1n).toString(16).padStart(versionstamp.length, "0");
}

/** The versionstamp of the batch that an id is in. */
export function versionstampOf(id: string, batches: readonly Batch[]): string | undefined {
  return batches.find(({ bodies }) => bodies.some((body) => idInBody(body) === id))?.versionstamp;
}
