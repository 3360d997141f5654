/**
 * Which documents there are, and what they were.
 *
 * | key | value |
 * | --- | --- |
 * | `["document", id]` | an {@link Entry} |
 * | `["doc", id, "version", versionId]` | a {@link Version}; its id is a ULID |
 * | `["doc", id, "version_text", versionId, n]` | the nth piece of its text, in UTF-8 |
 *
 * A version is the text as it was before a stretch of work began. Its pieces are written first; the commit that makes it
 * one checks that no other isolate made one meanwhile.
 */
import { monotonicFactory } from "ulid";

export interface Entry {
  readonly id: string;
  /** `""`: nobody gave it one. */
  readonly title: string;
  readonly createdAt: number;
  readonly createdBy: string;
  /** Give or take a minute. */
  readonly editedAt: number;
  /** Who has edited it since the last version. */
  readonly authors: readonly string[];
  /** When the last version was made, or the document. */
  readonly versionedAt: number;
}

export interface Version {
  readonly id: string;
  readonly at: number;
  /** Who made it what it was. */
  readonly authors: readonly string[];
  /** UTF-16 code units. */
  readonly length: number;
  readonly parts: number;
}

/** How long a stretch of work is, at least. */
export const STRETCH_MS = 10 * 60_000;
export const MAX_TITLE_LENGTH = 200;
/** The latest that are listed, and the versions that are kept. */
const MAX_LISTED = 1_000;
const MAX_AUTHORS = 50;
/** How exactly it is noted when a document was edited. */
export const NOTE_EVERY_MS = 60_000;
const PIECE_BYTES = 60_000;
/** Pieces in one commit, which may have 800 KiB. */
const PIECES = 12;

export class Catalog {
  readonly #kv: Deno.Kv;
  readonly #now: () => number;
  readonly #newId = monotonicFactory();

  constructor(kv: Deno.Kv, now: () => number) {
    this.#kv = kv;
    this.#now = now;
  }

  /** Enters a new document. */
  async create(title: string, by: string): Promise<Entry> {
    const now = this.#now();
    const entry = fresh(this.#newId(now), title, by, now);
    await this.#kv.set(["document", entry.id], entry);
    return entry;
  }

  async entry(id: string): Promise<Entry | undefined> {
    return (await this.#kv.get<Entry>(["document", id])).value ?? undefined;
  }

  /** All documents, the one that was edited last first. */
  async list(): Promise<Entry[]> {
    const entries = await Array.fromAsync(
      this.#kv.list<Entry>({ prefix: ["document"] }),
      ({ value }) => value,
    );
    return entries.sort((a, b) => b.editedAt - a.editedAt).slice(0, MAX_LISTED);
  }

  /** Answers the entry with its new title; `undefined` when there is no such document. */
  async rename(id: string, title: string): Promise<Entry | undefined> {
    return await this.#change(id, (entry) => entry && { ...entry, title });
  }

  /** Notes who has edited a document, and enters it when nobody did. */
  async touch(id: string, authors: Iterable<string>): Promise<Entry | undefined> {
    const names = [...authors];
    const now = this.#now();
    return await this.#change(id, (entry) => {
      const { editedAt, authors: known } = entry ??= fresh(id, "", names[0] ?? "", now);
      if (now - editedAt < NOTE_EVERY_MS && names.every((name) => known.includes(name))) return entry;
      return { ...entry, editedAt: now, authors: [...new Set([...known, ...names])].slice(0, MAX_AUTHORS) };
    });
  }

  /** Keeps a text as a version, unless another isolate has kept one of the same stretch of work. */
  async keep(id: string, text: string): Promise<void> {
    while (!await this.#keep(id, text, STRETCH_MS));
  }

  /** Keeps it in any case. */
  async keepNow(id: string, text: string): Promise<void> {
    while (!await this.#keep(id, text, 0));
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
  async #keep(id: string, text: string, stretchMs: number): Promise<boolean> {
    const now = this.#now();
    const key = ["document", id];
    const entry = await this.#kv.get<Entry>(key);
    const { authors, versionedAt } = entry.value ?? fresh(id, "", "", now);
    if (!entry.value || now - versionedAt < stretchMs) return true;
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
    const value: Version = { id: version, at: now, authors, length: text.length, parts };
    const { ok } = await this.#kv.atomic().check(entry)
      .set(["doc", id, "version", version], value)
      .set(key, { ...entry.value, authors: [], versionedAt: now })
      .commit();
    if (!ok) {
      const commit = this.#kv.atomic();
      for (let n = 0; n < parts; n++) commit.delete(["doc", id, "version_text", version, n]);
      await commit.commit();
    }
    return ok;
  }

  async #change(
    id: string,
    change: (entry: Entry | undefined) => Entry | undefined,
  ): Promise<Entry | undefined> {
    const key = ["document", id];
    for (;;) {
      const entry = await this.#kv.get<Entry>(key);
      const changed = change(entry.value ?? undefined);
      if (!changed || changed === entry.value) return changed;
      if ((await this.#kv.atomic().check(entry).set(key, changed).commit()).ok) return changed;
    }
  }
}

function fresh(id: string, title: string, by: string, now: number): Entry {
  return { id, title, createdAt: now, createdBy: by, editedAt: now, authors: [], versionedAt: now };
}
