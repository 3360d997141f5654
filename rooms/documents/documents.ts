/**
 * The documents that are open here. Each is loaded once, before anybody is served, and everybody who comes meanwhile
 * waits for the same loading; it leaves memory a while after the last one has left, and not before it is saved.
 *
 * Yjs is loaded with the first document.
 */
import type { Channel, Post } from "../fan_out/channel.ts";
import { Catalog } from "./catalog.ts";
import type { Document, DocumentPost } from "./document.ts";
import type { Connection, Participant } from "./participant.ts";

export interface DocumentsParts {
  readonly kv: Deno.Kv;
  readonly now: () => number;
  /** The way to the other isolates, if there are any. */
  readonly channel: Channel | undefined;
  /** How long a document stays that nobody uses; 10 s unless told otherwise. */
  readonly lingerMs?: number;
  /** Told of what goes wrong, by a fixed name. */
  readonly failed: (what: string, error: unknown) => void;
}

/** A connection at a document. */
export interface Seat {
  receive(data: string | ArrayBuffer): void;
  leave(): void;
}

interface Open {
  readonly loading: Promise<Document>;
  /** Those who use it. */
  users: number;
  /** Since nobody does. */
  leaving: ReturnType<typeof setTimeout> | undefined;
}

const LINGER_MS = 10_000;
/** Posts may be lost: so often is read what they were about. */
const LOOK_EVERY_MS = 3_000;

/** A document's id: a ULID of ours, or a name that a program chose. */
export const DOCUMENT_ID = /^[\p{L}\p{N}\p{M}_-]{1,64}$/u;

export class Documents {
  readonly catalog: Catalog;
  readonly #parts: DocumentsParts;
  readonly #isolate = crypto.randomUUID();
  readonly #open = new Map<string, Open>();
  readonly #loaded = new Map<string, Document>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;

  constructor(parts: DocumentsParts) {
    this.#parts = parts;
    this.catalog = new Catalog(parts.kv, parts.now);
  }

  /** Seats a connection; `undefined` when the document has too many. Throws when it can't be loaded. */
  async join(id: string, connection: Connection, kind: "yjs" | "plain"): Promise<Seat | undefined> {
    const open = this.#use(id);
    const document = await open.loading;
    let participant: Participant | undefined;
    try {
      participant = document.join(connection, kind);
    } finally {
      if (!participant) this.#release(id, open);
    }
    if (!participant) return undefined;
    const seated = participant;
    return {
      receive: (data) => seated.receive(data),
      leave: () => {
        document.leave(seated);
        this.#release(id, open);
      },
    };
  }

  /** The text of a document, as of now; `""` for one that nobody has written in. */
  async read(id: string): Promise<string> {
    return await this.#with(id, (document) => Promise.resolve(document.text.toString()));
  }

  /** Makes the text what it was in a version; false when there is none of that id. */
  async restore(id: string, version: string, by: string): Promise<boolean> {
    const text = await this.catalog.version(id, version);
    if (text === undefined) return false;
    await this.#with(id, (document) => document.restore(text, by));
    return true;
  }

  /** Hears another isolate. */
  receive(post: Post): void {
    if (!isDocumentPost(post)) return;
    try {
      this.#loaded.get(post.id)?.hear(post);
    } catch (error) {
      this.#parts.failed("document_post_failed", error);
    }
  }

  /** Saves all that isn't saved. It may take for ever when KV is out of reach. */
  async settle(): Promise<void> {
    await Promise.all(Array.from(this.#loaded.values(), (document) => document.settle()));
  }

  /** Ends it; what isn't saved by now is lost. Resolves when nothing is asked of KV any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const { leaving } of this.#open.values()) clearTimeout(leaving);
    const ended = Array.from(this.#loaded.values(), (document) => document.end());
    // What is being loaded ends itself, and says so.
    const loading = Array.from(this.#open.values(), (open) => open.loading);
    this.#open.clear();
    this.#loaded.clear();
    await Promise.allSettled([...ended, ...loading]);
  }

  async #with<T>(id: string, act: (document: Document) => Promise<T>): Promise<T> {
    const open = this.#use(id);
    const document = await open.loading;
    try {
      return await act(document);
    } finally {
      this.#release(id, open);
    }
  }

  #use(id: string): Open {
    let open = this.#open.get(id);
    if (!open) {
      const fresh: Open = open = { loading: this.#load(id), users: 0, leaving: undefined };
      this.#open.set(id, open);
      // The next one tries anew.
      open.loading.catch(() => this.#open.get(id) === fresh && this.#open.delete(id));
    }
    open.users++;
    clearTimeout(open.leaving);
    return open;
  }

  #release(id: string, open: Open): void {
    if (--open.users || this.#isClosed) return;
    open.leaving = setTimeout(() => {
      this.#unload(id, open).catch((error) => this.#parts.failed("document_unload_failed", error));
    }, this.#parts.lingerMs ?? LINGER_MS);
  }

  async #load(id: string): Promise<Document> {
    const { Document } = await import("./document.ts");
    const { kv, now, channel, failed } = this.#parts;
    const post = channel && ((post: DocumentPost): void => channel.post(post));
    const document = await Document.open(
      { id, kv, catalog: this.catalog, now, isolate: this.#isolate, post, failed },
    );
    if (this.#isClosed) {
      await document.end();
      throw new Error("The service is stopping");
    }
    this.#loaded.set(id, document);
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS);
    return document;
  }

  /** Lets go of a document once it is saved, unless somebody has come meanwhile. */
  async #unload(id: string, open: Open): Promise<void> {
    const document = await open.loading;
    await document.settle();
    if (!open.users && !this.#isClosed) await document.tidy();
    // Somebody may have come while that took its time; whoever comes from here on opens it anew.
    if (open.users || this.#isClosed || this.#open.get(id) !== open) return;
    clearTimeout(open.leaving);
    this.#open.delete(id);
    this.#loaded.delete(id);
    if (!this.#open.size) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    await document.end();
  }

  #look(): void {
    for (const document of this.#loaded.values()) document.look();
  }
}

function isDocumentPost(post: Post): post is Extract<Post, DocumentPost> {
  return post.type.startsWith("document_");
}
