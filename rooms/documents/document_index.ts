/**
 * The list of documents, by the time of their last edit, so that a page of it is read without all of the others.
 *
 * | key | value |
 * | --- | --- |
 * | `["document_edited", editedAt, id]` | a copy of the {@link ListedDocument} of a document |
 * | `["document_deleted", deletedAt, id]` | the same, of one that can still be brought back |
 * | `["document_index"]` | `1` once documents that earlier versions of the service made are in it |
 *
 * A copy is written in the commit that changes its entry.
 */
import type { ListedDocument } from "./document_list.ts";

/** Where the next page begins: the time and the id of the last document that was looked at. */
export type Cursor = readonly [time: number, id: string];

export interface Page {
  readonly entries: readonly ListedDocument[];
  /** `undefined`: there is nothing more. */
  readonly next: Cursor | undefined;
}

export interface PageQuery {
  readonly of: "document_edited" | "document_deleted";
  readonly before: Cursor | undefined;
  readonly limit: number;
  /** Which ones are meant. */
  readonly matches: (entry: ListedDocument) => boolean;
}

/** Documents that one question looks at; whoever wants more asks again from there on. */
const MAX_LOOKED_AT = 2_000;
/** Keys of one `getMany`. */
const MANY = 10;

/** Where a document's copy is. */
export function indexKey({ id, editedAt, deletedAt }: ListedDocument): [string, number, string] {
  return deletedAt === undefined ? ["document_edited", editedAt, id] : ["document_deleted", deletedAt, id];
}

export class DocumentIndex {
  readonly #kv: Deno.Kv;
  #complete: Promise<void> | undefined;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** One page, the latest first. */
  async page({ of, before, limit, matches }: PageQuery): Promise<Page> {
    await this.#completed();
    const prefix = [of];
    const selector = before ? { prefix, end: [of, ...before] } : { prefix };
    const found: Deno.KvEntry<ListedDocument>[] = [];
    let [last, count, isMore]: [Cursor | undefined, number, boolean] = [undefined, 0, false];
    for await (const entry of this.#kv.list<ListedDocument>(selector, { reverse: true, batchSize: 200 })) {
      if (found.length === limit || count === MAX_LOOKED_AT) {
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

  /** The entries as they are now. A process of an earlier version changes them without their copies: those are mended. */
  async #current(found: readonly Deno.KvEntry<ListedDocument>[]): Promise<ListedDocument[]> {
    const current: ListedDocument[] = [];
    for (let from = 0; from < found.length; from += MANY) {
      const some = found.slice(from, from + MANY);
      const entries = await this.#kv.getMany<ListedDocument[]>(
        some.map(({ value }) => ["document", value.id]),
      );
      for (const [i, entry] of entries.entries()) {
        const { key, versionstamp } = some[i];
        const wanted = entry.value && indexKey(entry.value);
        if (entry.value && wanted?.[1] === key[1] && wanted[0] === key[0]) current.push(entry.value);
        else {
          const commit = this.#kv.atomic().check({ key, versionstamp }).check(entry).delete(key);
          if (entry.value && wanted) commit.set(wanted, entry.value);
          await commit.commit();
        }
      }
    }
    return current;
  }

  #completed(): Promise<void> {
    return this.#complete ??= this.#takeInOld().catch((error) => {
      this.#complete = undefined;
      throw error;
    });
  }

  async #takeInOld(): Promise<void> {
    const mark = ["document_index"];
    if ((await this.#kv.get(mark)).value !== null) return;
    for await (const entry of this.#kv.list<ListedDocument>({ prefix: ["document"] })) {
      // Whoever changes it meanwhile takes it in.
      await this.#kv.atomic().check(entry).set(indexKey(entry.value), entry.value).commit();
    }
    await this.#kv.set(mark, 1);
  }
}
