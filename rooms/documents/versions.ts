/**
 * A document's chronicle: who has worked on it, and what it was before each stretch of work, entered in the catalog.
 */
import { type DocumentList, NOTE_EVERY_MS, STRETCH_MS } from "./document_list.ts";

import type { Whose } from "./awareness.ts";

export interface VersionsParts {
  /** The document's id. */
  readonly id: string;
  readonly documentList: DocumentList;
  readonly now: () => number;
  /** Told of what goes wrong, by a fixed name. */
  readonly failed: (what: string, error: unknown) => void;
}

export class Versions {
  readonly #parts: VersionsParts;
  /** Who has edited since the last note, by their names, and who was entered lately. */
  readonly #authors = new Map<string, Whose>();
  readonly #noted = new Set<string>();
  #notedAt = 0;
  #noting: Promise<void> = Promise.resolve();
  #versionedAt = 0;
  #keeping: Promise<void> = Promise.resolve();

  constructor(parts: VersionsParts) {
    this.#parts = parts;
  }

  /** Reads when the last version was kept; enters a document that holds something and isn't entered. */
  async open(isEmpty: boolean): Promise<void> {
    const { id, documentList, now } = this.#parts;
    let entry = await documentList.entry(id);
    // Whoever wrote it could save it, and died before it was entered.
    if (!entry && !isEmpty) entry = await documentList.touch(id, []);
    this.#versionedAt = entry?.versionedAt ?? now();
  }

  /** Resolves when no version is being kept: what came after it is saved after it. Never rejects. */
  get kept(): Promise<void> {
    return this.#keeping;
  }

  /** Whether the next change begins a new stretch of work. */
  get isDue(): boolean {
    return this.#parts.now() - this.#versionedAt >= STRETCH_MS;
  }

  /** A new stretch of work has begun; `before` is the text as it was. */
  begin(before: string): void {
    const { id, documentList, now, failed } = this.#parts;
    this.#versionedAt = now();
    this.#noted.clear();
    if (before) {
      this.#keeping = documentList.keep(id, before).catch((error) => failed("version_failed", error));
    }
  }

  /** Keeps a text as a version in any case; resolves when it is durable. */
  async keepNow(text: string, editedAt: number | undefined): Promise<void> {
    const kept = this.#keeping.then(() => this.#parts.documentList.keepNow(this.#parts.id, text, editedAt));
    this.#keeping = kept.catch(() => {});
    await kept;
  }

  /** Enters somebody as an author at once; answers when the document was edited before, give or take a minute. */
  async enter(author: Whose): Promise<number | undefined> {
    const { id, documentList } = this.#parts;
    const before = await documentList.entry(id);
    await documentList.touch(id, [author]);
    return before?.editedAt;
  }

  /** Somebody has edited. */
  edited({ id, name }: Whose): void {
    this.#authors.set(name, { id, name });
  }

  /** Enters who has edited, now and then: to be called after every save. */
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
        // They are entered with the next save.
        for (const author of authors) {
          this.#authors.set(author.name, author);
          this.#noted.delete(author.name);
        }
        failed("document_note_failed", error);
      });
  }

  /** Resolves when what was noted is entered and kept, or has failed. */
  async settled(): Promise<void> {
    await Promise.all([this.#noting, this.#keeping]);
  }
}
