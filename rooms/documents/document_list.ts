/**
 * The list of documents: titles, makers, members, last edits. Where it stands in KV: `document_index.ts`.
 *
 * A deleted document keeps its record and its content until `document_removal.ts` removes them for good.
 */
import { monotonicFactory } from "ulid";
import type { ChangeFeed } from "../kv/change_feed.ts";
import type { DocumentUser } from "./yjs/awareness.ts";
import { UNDO_MS } from "./document_access.ts";
import { DocumentIndex, documentKey, put } from "./document_index.ts";
import { DocumentQuota } from "./document_quota.ts";
import { VersionStore } from "./version_store.ts";

/** What is known of a document besides its text; times are in milliseconds since the epoch. */
export interface ListedDocument {
  readonly id: string;
  /** `""`: nobody gave it one. */
  readonly title: string;
  readonly createdAt: number;
  /** A name. */
  readonly createdBy: string;
  /** The account that made it; missing in documents of earlier versions of the service. */
  readonly ownerId?: string;
  /** Whether only its maker, its members and admins may see it; missing: no. */
  readonly isPrivate?: boolean;
  /** The ids of the accounts that may see a private document. */
  readonly members?: readonly string[];
  /** Missing: it isn't deleted. */
  readonly deletedAt?: number;
  /** The last edit, at most {@link NOTE_EVERY_MS} too early. */
  readonly editedAt: number;
  /** The names of those who edited it since the last version. */
  readonly authors: readonly string[];
  /** When the last version was kept, or the document was made. */
  readonly versionedAt: number;
}

/** In UTF-16 code units. */
export const MAX_TITLE_LENGTH = 200;
/** Authors that are listed since the last version. */
const MAX_AUTHORS = 50;
/** The time of the last edit is recorded at most this often, unless the author is new. */
export const NOTE_EVERY_MS = 60_000;

type Change = (document: ListedDocument | undefined) => ListedDocument | undefined;

/** Reads and changes the list. */
export class DocumentList {
  readonly #kv: Deno.Kv;
  readonly #now: () => number;
  readonly #changes: ChangeFeed | undefined;
  readonly #newId = monotonicFactory();
  readonly index: DocumentIndex;
  readonly versions: VersionStore;

  /** `changes` notifies all isolates of changed permissions; missing where there are no others. */
  constructor(kv: Deno.Kv, now: () => number, changes: ChangeFeed | undefined) {
    this.#kv = kv;
    this.#now = now;
    this.#changes = changes;
    this.index = new DocumentIndex(kv);
    this.versions = new VersionStore(kv, now);
  }

  /**
   * Makes a document.
   *
   * @throws {DocumentRefusal} when the account has made too many
   */
  async create(
    title: string,
    by: DocumentUser,
    { isPrivate }: { isPrivate: boolean },
  ): Promise<ListedDocument> {
    for (;;) {
      const now = this.#now();
      const document = { ...fresh(this.#newId(now), title, by, now), isPrivate };
      const quota = await this.#quotaOf(by.id);
      quota.check();
      const commit = quota.addOne(this.#kv.atomic());
      if ((await put(commit, undefined, document).commit()).ok) return document;
    }
  }

  /** @throws {DocumentRefusal} when the account may make no further document now */
  async checkQuota(accountId: string): Promise<void> {
    (await this.#quotaOf(accountId)).check();
  }

  /** A document that isn't deleted. */
  async entry(id: string): Promise<ListedDocument | undefined> {
    const document = await this.stored(id);
    return document?.deletedAt === undefined ? document : undefined;
  }

  /** A document, deleted or not. */
  async stored(id: string): Promise<ListedDocument | undefined> {
    return (await this.#kv.get<ListedDocument>(documentKey(id))).value ?? undefined;
  }

  /** Changes the title; `undefined` when there is no such document. */
  async rename(id: string, title: string): Promise<ListedDocument | undefined> {
    return await this.#change(id, (document) => existing(document) ? { ...document, title } : undefined);
  }

  /** Changes who may see a document; the connections of all others are closed everywhere within seconds. */
  async share(
    id: string,
    { isPrivate, members }: { isPrivate: boolean | undefined; members: readonly string[] | undefined },
  ): Promise<ListedDocument | undefined> {
    return await this.#changeAccess(id, (document) =>
      existing(document)
        ? {
          ...document,
          isPrivate: isPrivate ?? document.isPrivate ?? false,
          members: members ?? document.members ?? [],
        }
        : undefined);
  }

  /** Deletes a document and closes its connections; for {@link UNDO_MS} {@link recover} can restore it. */
  async remove(id: string): Promise<ListedDocument | undefined> {
    const now = this.#now();
    return await this.#changeAccess(
      id,
      (document) => existing(document) ? { ...document, deletedAt: now } : undefined,
    );
  }

  /** Restores a deleted document; `undefined` when there is none that can still be restored. */
  async recover(id: string): Promise<ListedDocument | undefined> {
    const now = this.#now();
    return await this.#changeAccess(id, (document) => {
      if (document?.deletedAt === undefined || now - document.deletedAt > UNDO_MS) return undefined;
      const { deletedAt: _, ...recovered } = document;
      return recovered;
    });
  }

  /** Records an edit by these authors; a document that isn't listed is added as the first author's. */
  async touch(id: string, authors: readonly DocumentUser[]): Promise<ListedDocument | undefined> {
    const names = authors.map(({ name }) => name);
    const now = this.#now();
    return await this.#change(id, (document) => {
      if (document?.deletedAt !== undefined) return document;
      const { editedAt, authors: known } = document ??= fresh(id, "", authors[0], now);
      if (now - editedAt < NOTE_EVERY_MS && names.every((name) => known.includes(name))) return document;
      return {
        ...document,
        editedAt: now,
        authors: [...new Set([...known, ...names])].slice(0, MAX_AUTHORS),
      };
    });
  }

  /** Changes a document, again if another process was faster; `add` may add to the commit. */
  async #change(
    id: string,
    change: Change,
    add: (commit: Deno.AtomicOperation) => void = () => {},
  ): Promise<ListedDocument | undefined> {
    for (;;) {
      const entry = await this.#kv.get<ListedDocument>(documentKey(id));
      const before = entry.value ?? undefined;
      const changed = change(before);
      if (!changed || changed === before) return changed;
      const commit = put(this.#kv.atomic().check(entry), before, changed);
      await this.#count(commit, before, changed);
      add(commit);
      if ((await commit.commit()).ok) return changed;
    }
  }

  /** Changes who may open a document, and notifies all isolates that have it open. */
  async #changeAccess(id: string, change: Change): Promise<ListedDocument | undefined> {
    const changed = await this.#change(id, change, (commit) => {
      this.#changes?.add(commit, { type: "document", id });
    });
    if (changed) await this.#changes?.poll();
    return changed;
  }

  /** Updates the maker's quota when a document is added, deleted or restored. */
  async #count(
    commit: Deno.AtomicOperation,
    before: ListedDocument | undefined,
    after: ListedDocument,
  ): Promise<void> {
    const { ownerId } = after;
    if (ownerId === undefined || existing(after) === existing(before)) return;
    const quota = await this.#quotaOf(ownerId);
    if (!existing(after)) quota.removeOne(commit);
    else if (before) quota.restoreOne(commit);
    else quota.addOne(commit);
  }

  #quotaOf(accountId: string): Promise<DocumentQuota> {
    return DocumentQuota.read(this.#kv, accountId, this.#now());
  }
}

function fresh(id: string, title: string, by: DocumentUser | undefined, now: number): ListedDocument {
  const createdBy = by?.name ?? "";
  const document = { id, title, createdAt: now, createdBy, editedAt: now, authors: [], versionedAt: now };
  return by ? { ...document, ownerId: by.id } : document;
}

function existing(document: ListedDocument | undefined): document is ListedDocument {
  return document !== undefined && document.deletedAt === undefined;
}
