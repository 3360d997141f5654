/**
 * The tally: how much was said and written today, through restarts and crashes, without a word of it on the way of a
 * message.
 *
 * What was ever said is what has left the outbox and what is still in it; today's part is that less what it was when the
 * day began, which the first look of each day writes down.
 *
 * | key | value |
 * | --- | --- |
 * | `["tally", day, "rows"]` | rows written on that day (`Deno.KvU64`); changes in the commits that settle them |
 * | `["tally", day, "began"]` | how many messages there ever were when the day began |
 *
 * Days are `2026-11-21`, in the service's time zone. Two keys a day are kept for good.
 */
import type { Outbox } from "../messages/outbox.ts";

/** What {@link DailyTotals} works on. */
export interface DailyTotalsParts {
  readonly kv: Deno.Kv;
  readonly outbox: Outbox;
  readonly now: () => number;
  readonly timeZone: string;
}

/** Messages and rows of each day, in KV. */
export class DailyTotals {
  readonly #parts: DailyTotalsParts;
  readonly #format: Intl.DateTimeFormat;
  /** The last day whose beginning is known, and how many messages there were. */
  #day = "";
  #began = 0;

  constructor(parts: DailyTotalsParts) {
    this.#parts = parts;
    // The Swedish way of writing a day is ISO 8601's.
    this.#format = new Intl.DateTimeFormat("sv-SE", { timeZone: parts.timeZone, dateStyle: "short" });
  }

  /** Puts rows that are settled into the commit that settles them. */
  addRows(commit: Deno.AtomicOperation, count: number): void {
    if (count) commit.sum(["tally", this.#today(), "rows"], BigInt(count));
  }

  /** Notes the beginning of the day, if nobody has yet. To be called every few seconds. */
  async beginDay(): Promise<void> {
    const day = this.#today();
    if (day === this.#day) return;
    const { kv, outbox } = this.#parts;
    const key = ["tally", day, "began"];
    const total = await outbox.total();
    const { ok } = await kv.atomic().check({ key, versionstamp: null }).set(key, total).commit();
    this.#began = ok ? total : (await kv.get<number>(key)).value ?? total;
    this.#day = day;
  }

  /** Messages said, and rows written, today and by all. */
  async today(): Promise<{ messages: number; rows: number }> {
    await this.beginDay();
    const { kv, outbox } = this.#parts;
    const rows = await kv.get<Deno.KvU64>(["tally", this.#day, "rows"]);
    return {
      messages: Math.max(0, await outbox.total() - this.#began),
      rows: Number(rows.value?.value ?? 0n),
    };
  }

  #today(): string {
    return this.#format.format(this.#parts.now());
  }
}
