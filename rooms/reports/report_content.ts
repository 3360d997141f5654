/**
 * The large parts of reports: their files, and the state of the work on them.
 *
 * | key | value |
 * | --- | --- |
 * | `["report_file", id, format, n]` | the nth piece of a file |
 * | `["report_work", id, n]` | the nth piece of the state of the work, which is JSON |
 * | `["report_waste", id]` | the files and the work of this report are to be deleted |
 *
 * A report is removed by one commit, which marks its content as waste; that is deleted bit by bit afterwards. So files
 * never outlive their report, and no commit grows with their size.
 */
import { readText } from "../kv/large_value.ts";
import { MAX_VALUE_BYTES } from "../kv/value_packer.ts";
import type { Report } from "./report.ts";

const REPORT_FILE = "report_file";
const REPORT_WORK = "report_work";
const REPORT_WASTE = "report_waste";
/** KV's limit for one `getMany` (https://docs.deno.com/api/deno/~/Deno.Kv.prototype.getMany). */
const KEYS_PER_READ = 10;
/** Values deleted in one commit: listing their keys reads them too. */
const DELETED_AT_ONCE = 100;
/** Pieces of the work's state: 500 KB. */
const MAX_WORK_PIECES = 8;

/** Reads and changes files and work. */
export class ReportContent {
  readonly #kv: Deno.Kv;

  /** Opens the content in a database. */
  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /**
   * Reads a file of a finished report, piece by piece.
   *
   * @throws {Error} when the report is deleted meanwhile
   */
  async *readFile({ id, files }: Report, format: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const { pieces } = files[format] ?? { pieces: 0 };
    for (let n = 0; n < pieces; n += KEYS_PER_READ) {
      const keys = Array.from(
        { length: Math.min(KEYS_PER_READ, pieces - n) },
        (_, i) => [REPORT_FILE, id, format, n + i],
      );
      for (const { value } of await this.#kv.getMany<Uint8Array<ArrayBuffer>[]>(keys)) {
        if (!value) throw new Error(`Reading report ${id} failed: it was deleted meanwhile`);
        yield value;
      }
    }
  }

  /** Adds to a commit the nth piece of a file, at most {@link MAX_VALUE_BYTES}. */
  addPiece(commit: Deno.AtomicOperation, id: string, format: string, n: number, bytes: Uint8Array): void {
    commit.set([REPORT_FILE, id, format, n], bytes);
  }

  /** Reads the state of the work; `undefined` when nothing is done yet. */
  async readWork(id: string): Promise<unknown> {
    const text = await readText(this.#kv, [REPORT_WORK, id]);
    return text ? JSON.parse(text) : undefined;
  }

  /** Adds to a commit the state of the work, as encoded JSON; empty: none. */
  setWork(commit: Deno.AtomicOperation, id: string, work: Uint8Array): void {
    let count = 0;
    for (let at = 0; at < work.length; at += MAX_VALUE_BYTES) {
      commit.set([REPORT_WORK, id, count++], work.subarray(at, at + MAX_VALUE_BYTES));
    }
    for (let n = count; n < MAX_WORK_PIECES; n++) commit.delete([REPORT_WORK, id, n]);
  }

  /** Adds to a commit that the files and the work of a report are to be deleted. */
  discard(commit: Deno.AtomicOperation, id: string): void {
    commit.set([REPORT_WASTE, id], 0);
  }

  /** The first report whose content is to be deleted. */
  async firstDiscarded(): Promise<string | undefined> {
    const { value } = await this.#kv.list({ prefix: [REPORT_WASTE] }, { limit: 1 }).next();
    return value && String(value.key[1]);
  }

  /** Deletes some of the content of a discarded report. */
  async deleteSome(id: string): Promise<void> {
    const commit = this.#kv.atomic();
    let count = 0;
    for (const kind of [REPORT_WORK, REPORT_FILE]) {
      const limit = DELETED_AT_ONCE - count;
      if (!limit) break;
      for await (const { key } of this.#kv.list({ prefix: [kind, id] }, { limit, batchSize: 10 })) {
        commit.delete(key);
        count++;
      }
    }
    // Complete, as nothing is added any more: every commit that adds content checks that the report is unfinished.
    if (count < DELETED_AT_ONCE) commit.delete([REPORT_WASTE, id]);
    await commit.commit();
  }
}
