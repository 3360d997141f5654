/**
 * The versions of documents in KV. A version is the text as it was before an editing session began.
 *
 * | key | value |
 * | --- | --- |
 * | `["doc", id, "version", versionId]` | a {@link Version}; its id is a ULID |
 * | `["doc", id, "version_text", versionId, n]` | the nth piece of its text, in UTF-8 |
 *
 * The pieces are written first. The commit that makes them a version checks that no other isolate made one meanwhile.
 */
import { monotonicFactory } from "ulid";
import { deletePrefix } from "../kv/delete_keys.ts";
import { readText, writePieces } from "../kv/large_value.ts";
import { documentKey, put } from "./document_index.ts";
import type { ListedDocument } from "./document_list.ts";
import { contentPrefix } from "./document_store.ts";

/** A version of a document. */
export interface Version {
  readonly id: string;
  /** When it was kept, in milliseconds since the epoch. */
  readonly at: number;
  /** When the text was last edited before that, to the minute; missing in versions of earlier releases. */
  readonly editedAt?: number;
  /** The names of those who edited it since the version before. */
  readonly authors: readonly string[];
  /** UTF-16 code units. */
  readonly length: number;
  /** The number of pieces of its text. */
  readonly parts: number;
}

/** An editing session begins with the first edit at least this long after the last version. */
export const SESSION_MS = 10 * 60_000;
/** The versions that are listed. */
const MAX_LISTED = 1_000;

/** Keeps and reads versions. */
export class VersionStore {
  readonly #kv: Deno.Kv;
  readonly #now: () => number;
  readonly #newId = monotonicFactory();

  /** `now` is the time of day, in milliseconds since the epoch. */
  constructor(kv: Deno.Kv, now: () => number) {
    this.#kv = kv;
    this.#now = now;
  }

  /** Keeps a text as a version, unless another isolate has kept one of the same editing session. */
  async keep(id: string, text: string): Promise<void> {
    while (!await this.#keep(id, text, SESSION_MS));
  }

  /** Keeps a text as a version in any case; `editedAt` is given where it isn't what the document list says. */
  async keepNow(id: string, text: string, editedAt?: number): Promise<void> {
    while (!await this.#keep(id, text, 0, editedAt));
  }

  /** A document's versions, the latest first, at most {@link MAX_LISTED}. */
  async list(id: string): Promise<Version[]> {
    const prefix = [...contentPrefix(id), "version"];
    const list = this.#kv.list<Version>({ prefix }, { reverse: true, limit: MAX_LISTED });
    return await Array.fromAsync(list, ({ value }) => value);
  }

  /** The text of a version; `undefined` when there is none with this id. */
  async text(id: string, versionId: string): Promise<string | undefined> {
    const { value } = await this.#kv.get<Version>([...contentPrefix(id), "version", versionId]);
    if (!value) return undefined;
    return await readText(this.#kv, [...contentPrefix(id), "version_text", versionId]);
  }

  /** Answers false when somebody else changed the document's record meanwhile. */
  async #keep(id: string, text: string, sessionMs: number, editedAt?: number): Promise<boolean> {
    const now = this.#now();
    const record = await this.#kv.get<ListedDocument>(documentKey(id));
    const { value: document } = record;
    if (!document || document.deletedAt !== undefined || now - document.versionedAt < sessionMs) return true;
    const versionId = this.#newId(now);
    const textPrefix = [...contentPrefix(id), "version_text", versionId];
    const parts = await writePieces(this.#kv, textPrefix, new TextEncoder().encode(text));
    const version: Version = {
      id: versionId,
      at: now,
      editedAt: editedAt ?? document.editedAt,
      authors: document.authors,
      length: text.length,
      parts,
    };
    const commit = this.#kv.atomic().check(record).set([...contentPrefix(id), "version", versionId], version);
    const { ok } = await put(commit, document, { ...document, authors: [], versionedAt: now }).commit();
    if (!ok) await deletePrefix(this.#kv, textPrefix);
    return ok;
  }
}
