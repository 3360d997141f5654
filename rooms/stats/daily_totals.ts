/**
 * The messages sent and the rows written today, through restarts and crashes, at no cost for a message.
 *
 * The outbox knows how many messages there ever were. The first poll of each day stores that number; today's messages
 * are the difference.
 *
 * | key | value |
 * | --- | --- |
 * | `["tally", day, "rows"]` | rows written on that day (`Deno.KvU64`); changes in the commits that settle them |
 * | `["tally", day, "began"]` | how many messages there ever were when the day began |
 *
 * Days are `2026-11-21`, in the service's time zone. Two keys a day are kept for good.
 */
import type { Outbox } from "../messages/outbox.ts";

interface DailyTotalsParts {
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

  /** Counts rows in the commit that settles them. */
  addRows(commit: Deno.AtomicOperation, count: number): void {
    if (count) commit.sum(["tally", this.#today(), "rows"], BigInt(count));
  }

  /** Stores the number of messages at the beginning of the day, once a day. To be called every few seconds. */
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

  /** The messages and rows of today, of all isolates. */
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
