/**
 * Which documents there are, and what they were.
 *
 * | key | value |
 * | --- | --- |
 * | `["document", id]` | an {@link ListedDocument} |
 * | `["doc", id, "version", versionId]` | a {@link Version}; its id is a ULID |
 * | `["doc", id, "version_text", versionId, n]` | the nth piece of its text, in UTF-8 |
 *
 * An entry's copies, by which documents are listed, are in `document_index.ts`. A document that is deleted keeps its
 * entry, and all that it was, until `document_removal.ts` takes them out.
 *
 * A version is the text as it was before a stretch of work began. Its pieces are written first; the commit that makes it
 * one checks that no other isolate made one meanwhile.
 */
import { monotonicFactory } from "ulid";
import type { ChangeFeed } from "../kv/change_feed.ts";
import { UNDO_MS } from "./document_access.ts";
import { DocumentIndex, indexKey } from "./document_index.ts";
import { DocumentQuota } from "./document_quota.ts";
import type { Whose } from "./awareness.ts";

export interface ListedDocument {
  readonly id: string;
  /** `""`: nobody gave it one. */
  readonly title: string;
  readonly createdAt: number;
  /** A name. */
  readonly createdBy: string;
  /** The account that made it; missing in documents of earlier versions of the service. */
  readonly ownerId?: string;
  /** Whether only its maker, its members and admins may know of it; missing: no. */
  readonly isPrivate?: boolean;
  /** The accounts' ids. */
  readonly members?: readonly string[];
  /** Missing: it isn't deleted. */
  readonly deletedAt?: number;
  /** Give or take a minute. */
  readonly editedAt: number;
  /** Who has edited it since the last version. */
  readonly authors: readonly string[];
  /** When the last version was made, or the document. */
  readonly versionedAt: number;
}

export interface Version {
  readonly id: string;
  /** When it was kept. */
  readonly at: number;
  /** When the text came to be what it is, give or take a minute; missing in versions that were kept without it. */
  readonly editedAt?: number;
  /** Who made it what it was. */
  readonly authors: readonly string[];
  /** UTF-16 code units. */
  readonly length: number;
  readonly parts: number;
}

/** How long a stretch of work is, at least. */
export const STRETCH_MS = 10 * 60_000;
export const MAX_TITLE_LENGTH = 200;
/** The versions that are listed. */
const MAX_LISTED = 1_000;
const MAX_AUTHORS = 50;
/** How exactly it is noted when a document was edited. */
export const NOTE_EVERY_MS = 60_000;
const PIECE_BYTES = 60_000;
/** Pieces in one commit, which may have 800 KiB. */
const PIECES = 12;

export class DocumentList {
  readonly #kv: Deno.Kv;
  readonly #now: () => number;
  readonly #changes: ChangeFeed | undefined;
  readonly #newId = monotonicFactory();
  readonly index: DocumentIndex;

  /** `changes`: through which others hear who may be at a document; missing where there are none. */
  constructor(kv: Deno.Kv, now: () => number, changes: ChangeFeed | undefined) {
    this.#kv = kv;
    this.#now = now;
    this.#changes = changes;
    this.index = new DocumentIndex(kv);
  }

  /** Enters a new document. Throws `DocumentRefusal` for an account that has made too many. */
  async create(title: string, by: Whose, { isPrivate }: { isPrivate: boolean }): Promise<ListedDocument> {
    for (;;) {
      const now = this.#now();
      const entry = { ...fresh(this.#newId(now), title, by, now), isPrivate };
      const quota = await this.#quotaOf(by.id);
      quota.check();
      const commit = quota.addOne(this.#kv.atomic());
      if ((await put(commit, undefined, entry).commit()).ok) return entry;
    }
  }

  /** Throws `DocumentRefusal` for an account that may make no further document now. */
  async checkQuota(accountId: string): Promise<void> {
    (await this.#quotaOf(accountId)).check();
  }

  /** A document that isn't deleted. */
  async entry(id: string): Promise<ListedDocument | undefined> {
    const entry = await this.stored(id);
    return entry?.deletedAt === undefined ? entry : undefined;
  }

  /** The same, or one that is deleted. */
  async stored(id: string): Promise<ListedDocument | undefined> {
    return (await this.#kv.get<ListedDocument>(["document", id])).value ?? undefined;
  }

  /** Answers the entry with its new title; `undefined` when there is no such document. */
  async rename(id: string, title: string): Promise<ListedDocument | undefined> {
    return await this.#change(id, (entry) => existing(entry) ? { ...entry, title } : undefined);
  }

  /** Says whom a document is for; whoever may no longer be there is turned out everywhere within seconds. */
  async share(
    id: string,
    { isPrivate, members }: { isPrivate: boolean | undefined; members: readonly string[] | undefined },
  ): Promise<ListedDocument | undefined> {
    return await this.#changeTold(id, (entry) =>
      existing(entry)
        ? {
          ...entry,
          isPrivate: isPrivate ?? entry.isPrivate ?? false,
          members: members ?? entry.members ?? [],
        }
        : undefined);
  }

  /** Deletes a document, and turns everybody out; for a day it can be {@link recover}ed. */
  async remove(id: string): Promise<ListedDocument | undefined> {
    const now = this.#now();
    return await this.#changeTold(id, (entry) => existing(entry) ? { ...entry, deletedAt: now } : undefined);
  }

  /** Brings back a deleted document; `undefined` when there is none whose day isn't over. */
  async recover(id: string): Promise<ListedDocument | undefined> {
    const now = this.#now();
    return await this.#changeTold(id, (entry) => {
      if (entry?.deletedAt === undefined || now - entry.deletedAt > UNDO_MS) return undefined;
      const { deletedAt: _, ...recovered } = entry;
      return recovered;
    });
  }

  /** Notes who has edited a document, and enters it when nobody did, as the first one's. */
  async touch(id: string, authors: readonly Whose[]): Promise<ListedDocument | undefined> {
    const names = authors.map(({ name }) => name);
    const now = this.#now();
    return await this.#change(id, (entry) => {
      if (entry?.deletedAt !== undefined) return entry;
      const { editedAt, authors: known } = entry ??= fresh(id, "", authors[0], now);
      if (now - editedAt < NOTE_EVERY_MS && names.every((name) => known.includes(name))) return entry;
      return { ...entry, editedAt: now, authors: [...new Set([...known, ...names])].slice(0, MAX_AUTHORS) };
    });
  }

  /** Keeps a text as a version, unless another isolate has kept one of the same stretch of work. */
  async keep(id: string, text: string): Promise<void> {
    while (!await this.#keep(id, text, STRETCH_MS));
  }

  /** Keeps it in any case; `editedAt` is when the text came to be what it is, when that isn't what the entry says. */
  async keepNow(id: string, text: string, editedAt?: number): Promise<void> {
    while (!await this.#keep(id, text, 0, editedAt));
  }

  /** A document's versions, the latest first. */
  async versions(id: string): Promise<Version[]> {
    const list = this.#kv.list<Version>({ prefix: ["doc", id, "version"] }, {
      reverse: true,
      limit: MAX_LISTED,
    });
    return await Array.fromAsync(list, ({ value }) => value);
  }

  /** The text of a version; `undefined` when there is none of that id. */
  async version(id: string, versionId: string): Promise<string | undefined> {
    const { value } = await this.#kv.get<Version>(["doc", id, "version", versionId]);
    if (!value) return undefined;
    const list = this.#kv.list<Uint8Array>({ prefix: ["doc", id, "version_text", versionId] }, {
      batchSize: 10,
    });
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    let text = "";
    for await (const { value } of list) text += decoder.decode(value, { stream: true });
    return text + decoder.decode();
  }

  /** Answers false when somebody else changed the entry meanwhile. */
  async #keep(id: string, text: string, stretchMs: number, editedAt?: number): Promise<boolean> {
    const now = this.#now();
    const key = ["document", id];
    const entry = await this.#kv.get<ListedDocument>(key);
    const { authors, versionedAt } = entry.value ?? fresh(id, "", undefined, now);
    if (!entry.value || entry.value.deletedAt !== undefined || now - versionedAt < stretchMs) return true;
    const version = this.#newId(now);
    const bytes = new TextEncoder().encode(text);
    const parts = Math.ceil(bytes.length / PIECE_BYTES);
    for (let from = 0; from < parts; from += PIECES) {
      const commit = this.#kv.atomic();
      for (let n = from; n < Math.min(parts, from + PIECES); n++) {
        const piece = bytes.slice(n * PIECE_BYTES, (n + 1) * PIECE_BYTES);
        commit.set(["doc", id, "version_text", version, n], piece);
      }
      await commit.commit();
    }
    const value: Version = {
      id: version,
      at: now,
      editedAt: editedAt ?? entry.value.editedAt,
      authors,
      length: text.length,
      parts,
    };
    const commit = this.#kv.atomic().check(entry).set(["doc", id, "version", version], value);
    const { ok } = await put(commit, entry.value, { ...entry.value, authors: [], versionedAt: now }).commit();
    if (!ok) {
      const commit = this.#kv.atomic();
      for (let n = 0; n < parts; n++) commit.delete(["doc", id, "version_text", version, n]);
      await commit.commit();
    }
    return ok;
  }

  async #change(
    id: string,
    change: (entry: ListedDocument | undefined) => ListedDocument | undefined,
    tell: (commit: Deno.AtomicOperation) => void = () => {},
  ): Promise<ListedDocument | undefined> {
    const key = ["document", id];
    for (;;) {
      const entry = await this.#kv.get<ListedDocument>(key);
      const before = entry.value ?? undefined;
      const changed = change(before);
      if (!changed || changed === before) return changed;
      const commit = put(this.#kv.atomic().check(entry), before, changed);
      await this.#count(commit, before, changed);
      tell(commit);
      if ((await commit.commit()).ok) return changed;
    }
  }

  /** A change that everybody who is at the document has to hear of. */
  async #changeTold(
    id: string,
    change: (entry: ListedDocument | undefined) => ListedDocument | undefined,
  ): Promise<ListedDocument | undefined> {
    const changed = await this.#change(id, change, (commit) => {
      this.#changes?.add(commit, { type: "document", id });
    });
    if (changed) await this.#changes?.look();
    return changed;
  }

  /** Counts a document that comes to be, goes, or is back, as its maker's. */
  async #count(
    commit: Deno.AtomicOperation,
    before: ListedDocument | undefined,
    after: ListedDocument,
  ): Promise<void> {
    const { ownerId } = after;
    const isThere = after.deletedAt === undefined;
    const wasThere = before !== undefined && before.deletedAt === undefined;
    if (ownerId === undefined || isThere === wasThere) return;
    const quota = await this.#quotaOf(ownerId);
    if (!isThere) quota.takeOne(commit);
    else if (before) quota.bringBack(commit);
    else quota.addOne(commit);
  }

  #quotaOf(accountId: string): Promise<DocumentQuota> {
    return DocumentQuota.read(this.#kv, accountId, this.#now());
  }
}

function fresh(id: string, title: string, by: Whose | undefined, now: number): ListedDocument {
  const createdBy = by?.name ?? "";
  const entry = { id, title, createdAt: now, createdBy, editedAt: now, authors: [], versionedAt: now };
  return by ? { ...entry, ownerId: by.id } : entry;
}

function existing(entry: ListedDocument | undefined): entry is ListedDocument {
  return entry !== undefined && entry.deletedAt === undefined;
}

/** Writes an entry and its copy in the index. */
function put(
  commit: Deno.AtomicOperation,
  before: ListedDocument | undefined,
  after: ListedDocument,
): Deno.AtomicOperation {
  if (before) commit.delete(indexKey(before));
  return commit.set(["document", after.id], after).set(indexKey(after), after);
}
