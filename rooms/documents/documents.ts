/**
 * The documents that are open here. Each is loaded once, before anybody is served, and everybody who comes meanwhile
 * waits for the same loading; it leaves memory a while after the last one has left, and not before it is saved.
 *
 * Yjs is loaded with the first document.
 */
import type { Channel, Post } from "../cluster/channel.ts";
import type { Change, ChangeFeed } from "../kv/change_feed.ts";
import { CLOSE } from "../protocol.ts";
import { DocumentList } from "./document_list.ts";
import type { Document, DocumentPost } from "./document.ts";
import { DocumentRefusal, mayRead } from "./document_access.ts";
import { removeForGood } from "./document_removal.ts";
import type { Connection, Participant } from "./participant.ts";
import type { Whose } from "./awareness.ts";

export interface DocumentsParts {
  readonly kv: Deno.Kv;
  readonly now: () => number;
  /** The way to the other isolates, if there are any. */
  readonly channel: Channel | undefined;
  /** Through which it is heard who may be where; missing where that never changes. */
  readonly changes?: ChangeFeed;
  /** How long a document stays that nobody uses; 10 s unless told otherwise. */
  readonly lingerMs?: number;
  /** Told of what goes wrong, by a fixed name. */
  readonly failed: (what: string, error: unknown) => void;
}

/** A connection at a document. */
export interface OpenParticipation {
  receive(data: string | ArrayBuffer): void;
  leave(): void;
}

/** Somebody who is at a document, or about to be. */
interface LiveConnection {
  readonly id: string;
  readonly connection: Connection;
  isRefused: boolean;
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
/** How often documents are taken out that were deleted more than a day ago. */
const REMOVE_EVERY_MS = 60 * 60_000;

/** A document's id: a ULID of ours, or a name that a program chose. */
export const DOCUMENT_ID = /^[\p{L}\p{N}\p{M}_-]{1,64}$/u;

export class Documents {
  readonly name = "documents";
  readonly documentList: DocumentList;
  readonly #parts: DocumentsParts;
  readonly #isolate = crypto.randomUUID();
  readonly #open = new Map<string, Open>();
  readonly #loaded = new Map<string, Document>();
  readonly #visits = new Set<LiveConnection>();
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #removing: ReturnType<typeof setInterval>;
  #isClosed = false;

  constructor(parts: DocumentsParts) {
    this.#parts = parts;
    this.documentList = new DocumentList(parts.kv, parts.now, parts.changes);
    parts.changes?.listen((change) => this.#heed(change));
    this.#removing = setInterval(() => {
      this.removeDeleted().catch((error) => parts.failed("document_removal_failed", error));
    }, REMOVE_EVERY_MS);
  }

  /**
   * Seats a connection; `undefined` when the document has too many. Throws `DocumentRefusal` for whoever may not be
   * there, and when it can't be loaded.
   */
  async join(
    id: string,
    connection: Connection,
    kind: "yjs" | "plain",
  ): Promise<OpenParticipation | undefined> {
    // Before it is looked up: what changes from here on is heard.
    const visit: LiveConnection = { id, connection, isRefused: false };
    this.#visits.add(visit);
    let seat: OpenParticipation | undefined;
    try {
      const refusal = await this.#refusalOf(id, connection) ?? await this.#quotaRefusal(id, connection);
      if (refusal) throw refusal;
      return seat = await this.#seat(visit, kind);
    } finally {
      if (!seat) this.#visits.delete(visit);
    }
  }

  async #seat(visit: LiveConnection, kind: "yjs" | "plain"): Promise<OpenParticipation | undefined> {
    const { id, connection } = visit;
    const open = this.#use(id);
    const document = await open.loading;
    let participant: Participant | undefined;
    try {
      if (!visit.isRefused) participant = document.join(connection, kind);
    } finally {
      if (!participant) this.#release(id, open);
    }
    if (!participant) return undefined;
    const seated = participant;
    const leave = () => {
      document.leave(seated);
      this.#visits.delete(visit);
      this.#release(id, open);
    };
    return { receive: (data) => void (visit.isRefused || seated.receive(data)), leave };
  }

  /** Takes out the documents whose day has passed since they were deleted. */
  async removeDeleted(): Promise<void> {
    await removeForGood(this.#parts.kv, this.#parts.now());
  }

  /** Why a connection may not be at a document, as of now. */
  async #refusalOf(id: string, { user }: Connection): Promise<DocumentRefusal | undefined> {
    const entry = await this.documentList.stored(id);
    if (!entry) return undefined;
    if (entry.deletedAt !== undefined) return new DocumentRefusal("deleted");
    return mayRead(entry, user) ? undefined : new DocumentRefusal("private");
  }

  /** A document that isn't there would come to be with the first edit. */
  async #quotaRefusal(id: string, { user }: Connection): Promise<DocumentRefusal | undefined> {
    if (await this.documentList.stored(id)) return undefined;
    try {
      await this.documentList.checkQuota(user.id);
    } catch (error) {
      if (error instanceof DocumentRefusal) return error;
      throw error;
    }
  }

  /** Turns out who may no longer be where they are. */
  async #heed(change: Change): Promise<void> {
    const isConcerned = ({ id, connection }: LiveConnection) =>
      change.type === "unknown" || (change.type === "document" && change.id === id) ||
      (change.type === "account" && change.id === connection.user.id);
    for (const visit of [...this.#visits].filter(isConcerned)) {
      const refusal = await this.#refusalOf(visit.id, visit.connection);
      if (!refusal || visit.isRefused) continue;
      visit.isRefused = true;
      void visit.connection.close(CLOSE.notAllowed, refusal.message);
    }
  }

  /** The text of a document, as of now; `""` for one that nobody has written in. */
  async read(id: string): Promise<string> {
    return await this.#with(id, (document) => Promise.resolve(document.text.toString()));
  }

  /** Makes the text what it was in a version; false when there is none of that id. */
  async restore(id: string, version: string, by: Whose): Promise<boolean> {
    const text = await this.documentList.version(id, version);
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

  drain(): Promise<void> {
    return this.settle();
  }

  /** Ends it; what isn't saved by now is lost. Resolves when nothing is asked of KV any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    clearInterval(this.#removing);
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
      { id, kv, documentList: this.documentList, now, isolate: this.#isolate, post, failed },
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
