/**
 * Where the list of documents stands in KV, and its index by the time of the last edit, by which one page of the list is
 * read without the others.
 *
 * | key | value |
 * | --- | --- |
 * | `["document", id]` | a {@link ListedDocument} |
 * | `["document_edited", editedAt, id]` | a copy of a document's {@link ListedDocument} |
 * | `["document_deleted", deletedAt, id]` | the same, of a deleted document that can be restored |
 * | `["document_index"]` | `1` once the documents made by earlier versions of the service are in the index |
 *
 * A copy is written in the commit that changes the document's own record.
 */
import { readKeys } from "../kv/read_keys.ts";
import type { ListedDocument } from "./document_list.ts";

/** Where the next page begins: time and id of the last document that was read for this one. */
export type Cursor = readonly [time: number, id: string];

/** One page of the index. */
export interface Page {
  /** The matching documents, the latest first. */
  readonly entries: readonly ListedDocument[];
  /** `undefined`: this is the last page. */
  readonly next: Cursor | undefined;
}

/** Which page to read. */
export interface PageQuery {
  /** Which list: documents, or deleted documents. */
  readonly of: "document_edited" | "document_deleted";
  /** `undefined`: the first page. */
  readonly before: Cursor | undefined;
  /** The most documents in the page. */
  readonly limit: number;
  /** Whether a document belongs to the list, for example because its reader may see it. */
  readonly matches: (entry: ListedDocument) => boolean;
}

/** Documents that one query reads at most; the next query continues there. */
const MAX_READ = 2_000;

/** The key of a document's record. */
export function documentKey(id: string): ["document", string] {
  return ["document", id];
}

/** The key of a document's copy in the index. */
export function indexKey({ id, editedAt, deletedAt }: ListedDocument): [string, number, string] {
  return deletedAt === undefined ? ["document_edited", editedAt, id] : ["document_deleted", deletedAt, id];
}

/** The documents that were deleted before a time, in milliseconds since the epoch. */
export async function* deletedBefore(kv: Deno.Kv, time: number): AsyncGenerator<ListedDocument> {
  const range = { start: ["document_deleted"], end: ["document_deleted", time] };
  for await (const { value } of kv.list<ListedDocument>(range)) yield value;
}

/** Adds to a commit that a document and its copy are written; `before` is the document as it was, if there was one. */
export function put(
  commit: Deno.AtomicOperation,
  before: ListedDocument | undefined,
  after: ListedDocument,
): Deno.AtomicOperation {
  if (before) commit.delete(indexKey(before));
  return commit.set(documentKey(after.id), after).set(indexKey(after), after);
}

/** Reads the index, and adds documents of earlier versions of the service to it. */
export class DocumentIndex {
  readonly #kv: Deno.Kv;
  #complete: Promise<void> | undefined;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** Reads one page, the latest document first. */
  async page({ of, before, limit, matches }: PageQuery): Promise<Page> {
    await this.#completeOnce();
    const prefix = [of];
    const selector = before ? { prefix, end: [of, ...before] } : { prefix };
    const found: Deno.KvEntry<ListedDocument>[] = [];
    let [last, count, isMore]: [Cursor | undefined, number, boolean] = [undefined, 0, false];
    for await (const entry of this.#kv.list<ListedDocument>(selector, { reverse: true, batchSize: 200 })) {
      if (found.length === limit || count === MAX_READ) {
        isMore = true;
        break;
      }
      count++;
      last = [Number(entry.key[1]), String(entry.key[2])];
      if (matches(entry.value)) found.push(entry);
    }
    const current = await this.#current(found);
    return { entries: current.filter(matches), next: isMore ? last : undefined };
  }

  /**
   * The documents as they are now. An earlier version of the service changes them without their copies; such copies are
   * corrected here.
   */
  async #current(found: readonly Deno.KvEntry<ListedDocument>[]): Promise<ListedDocument[]> {
    const current: ListedDocument[] = [];
    const keys = found.map(({ value }) => documentKey(value.id));
    for (const [i, entry] of (await readKeys<ListedDocument>(this.#kv, keys)).entries()) {
      const { key, versionstamp } = found[i];
      const wanted = entry.value && indexKey(entry.value);
      if (entry.value && wanted?.[1] === key[1] && wanted[0] === key[0]) current.push(entry.value);
      else {
        const commit = this.#kv.atomic().check({ key, versionstamp }).check(entry).delete(key);
        if (entry.value && wanted) commit.set(wanted, entry.value);
        await commit.commit();
      }
    }
    return current;
  }

  #completeOnce(): Promise<void> {
    return this.#complete ??= this.#addOld().catch((error) => {
      this.#complete = undefined;
      throw error;
    });
  }

  async #addOld(): Promise<void> {
    const flag = ["document_index"];
    if ((await this.#kv.get(flag)).value !== null) return;
    for await (const entry of this.#kv.list<ListedDocument>({ prefix: ["document"] })) {
      // If the check fails, somebody has just changed the document, and has added it to the index by that.
      await this.#kv.atomic().check(entry).set(indexKey(entry.value), entry.value).commit();
    }
    await this.#kv.set(flag, 1);
  }
}
