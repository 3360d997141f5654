/**
 * Records a document's authors and versions in the document list. A version is the text as it was before an editing
 * session, which begins with the first edit {@link SESSION_MS} after the last version.
 */
import type { DocumentUser } from "./yjs/awareness.ts";
import { type DocumentList, NOTE_EVERY_MS } from "./document_list.ts";
import { SESSION_MS } from "./version_store.ts";

/** What the versions of one document need. */
export interface VersionsParts {
  /** The document's id. */
  readonly id: string;
  readonly documentList: DocumentList;
  /** The time of day, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Called with each error and the name of its event in the log. */
  readonly failed: (what: string, error: unknown) => void;
}

/** The authors and versions of one open document. */
export class Versions {
  readonly #parts: VersionsParts;
  /** Authors, by name, since the last record; and the names that were recorded in this session. */
  readonly #authors = new Map<string, DocumentUser>();
  readonly #noted = new Set<string>();
  #notedAt = 0;
  #noting: Promise<void> = Promise.resolve();
  #versionedAt = 0;
  #keeping: Promise<void> = Promise.resolve();

  constructor(parts: VersionsParts) {
    this.#parts = parts;
  }

  /** Reads when the last version was kept; adds a document that has text and isn't listed. */
  async open(isEmpty: boolean): Promise<void> {
    const { id, documentList, now } = this.#parts;
    let entry = await documentList.entry(id);
    // A process saved it and died before it was listed.
    if (!entry && !isEmpty) entry = await documentList.touch(id, []);
    this.#versionedAt = entry?.versionedAt ?? now();
  }

  /** Resolves when no version is being kept: edits after a version are saved after it. Never rejects. */
  get kept(): Promise<void> {
    return this.#keeping;
  }

  /** Whether the next change begins a new editing session. */
  get isDue(): boolean {
    return this.#parts.now() - this.#versionedAt >= SESSION_MS;
  }

  /** Begins a new editing session; `before` is the text as it was. */
  begin(before: string): void {
    const { id, documentList, now, failed } = this.#parts;
    this.#versionedAt = now();
    this.#noted.clear();
    if (before) {
      this.#keeping = documentList.versions.keep(id, before).catch((error) =>
        failed("version_failed", error)
      );
    }
  }

  /**
   * Keeps a text as a version in any case; `editedAt` is when it was last edited, in milliseconds since the epoch.
   * Resolves when the version is durable.
   */
  async keepNow(text: string, editedAt: number | undefined): Promise<void> {
    const { id, documentList } = this.#parts;
    const kept = this.#keeping.then(() => documentList.versions.keepNow(id, text, editedAt));
    this.#keeping = kept.catch(() => {});
    await kept;
  }

  /** Records an author at once; answers when the document was edited before, to the minute. */
  async addAuthor(author: DocumentUser): Promise<number | undefined> {
    const { id, documentList } = this.#parts;
    const before = await documentList.entry(id);
    await documentList.touch(id, [author]);
    return before?.editedAt;
  }

  /** Adds an author, to be recorded after the next save. */
  edited({ id, name }: DocumentUser): void {
    this.#authors.set(name, { id, name });
  }

  /** Records the authors, at most every {@link NOTE_EVERY_MS} when none is new; to be called after every save. */
  note(): void {
    const { id, documentList, now, failed } = this.#parts;
    const authors = [...this.#authors.values()];
    const isKnown = authors.every(({ name }) => this.#noted.has(name)) &&
      now() - this.#notedAt < NOTE_EVERY_MS;
    this.#authors.clear();
    if (!authors.length || isKnown) return;
    this.#notedAt = now();
    authors.forEach(({ name }) => this.#noted.add(name));
    this.#noting = documentList.touch(id, authors)
      .then((entry) => void (this.#versionedAt = Math.max(this.#versionedAt, entry?.versionedAt ?? 0)))
      .catch((error) => {
        // They are recorded after the next save.
        for (const author of authors) {
          this.#authors.set(author.name, author);
          this.#noted.delete(author.name);
        }
        failed("document_note_failed", error);
      });
  }

  /** Resolves when no record and no version is being written. */
  async settled(): Promise<void> {
    await Promise.all([this.#noting, this.#keeping]);
  }
}
