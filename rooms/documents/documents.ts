/**
 * The documents that are open at this isolate. Each is loaded once, and everybody who joins meanwhile waits for the same
 * loading; it leaves memory a while after the last participant has left, and not before it is saved.
 *
 * Yjs is loaded with the first document.
 */
import type { Channel, Post } from "../cluster/channel.ts";
import type { Change, ChangeFeed } from "../kv/change_feed.ts";
import { CLOSE } from "../protocol.ts";
import type { DocumentUser } from "./yjs/awareness.ts";
import { DocumentList, type ListedDocument } from "./document_list.ts";
import type { Document } from "./document.ts";
import { DocumentRefusal, mayRead } from "./document_access.ts";
import type { DocumentPost } from "./document_fan_out.ts";
import { removeForGood } from "./document_removal.ts";
import type { Connection, Participant } from "./participant.ts";

interface DocumentsParts {
  readonly kv: Deno.Kv;
  /** The time of day, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Sends posts to the other isolates; missing where there are none. */
  readonly channel: Channel | undefined;
  /** Notifies of changed permissions; missing where they never change. */
  readonly changes?: ChangeFeed;
  /** Time after which an unused document leaves memory; 10 s if missing. */
  readonly lingerMs?: number;
  /** Called with each error and the name of its event in the log. */
  readonly failed: (what: string, error: unknown) => void;
}

/** A connection that has joined a document. */
export interface OpenParticipation {
  /** Applies a frame of the client. */
  receive(data: string | ArrayBuffer): void;
  /** Ends it; to be called once. */
  leave(): void;
}

/** A connection that has joined a document, or is about to. */
interface LiveConnection {
  readonly id: string;
  readonly connection: Connection;
  isRefused: boolean;
}

/** A document that is loading or loaded. */
interface OpenDocument {
  readonly loading: Promise<Document>;
  /** The number of connections and calls that use it. */
  users: number;
  /** Unloads it; set while nobody uses it. */
  unloading: ReturnType<typeof setTimeout> | undefined;
}

const LINGER_MS = 10_000;
/** Posts may be lost: every document is read from KV this often. */
const POLL_EVERY_MS = 3_000;
/** Interval between removals of documents that were deleted more than a day ago. */
const REMOVE_EVERY_MS = 60 * 60_000;

/** A document's id: a ULID of ours, or a name that a program chose. */
export const DOCUMENT_ID = /^[\p{L}\p{N}\p{M}_-]{1,64}$/u;

/** The documents of this isolate. */
export class Documents {
  readonly name = "documents";
  readonly documentList: DocumentList;
  readonly #parts: DocumentsParts;
  readonly #isolate = crypto.randomUUID();
  readonly #open = new Map<string, OpenDocument>();
  readonly #loaded = new Map<string, Document>();
  readonly #connections = new Set<LiveConnection>();
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #removing: ReturnType<typeof setInterval>;
  #isClosed = false;

  constructor(parts: DocumentsParts) {
    this.#parts = parts;
    this.documentList = new DocumentList(parts.kv, parts.now, parts.changes);
    parts.changes?.listen((change) => this.#closeRefused(change));
    this.#removing = setInterval(() => {
      this.removeDeleted().catch((error) => parts.failed("document_removal_failed", error));
    }, REMOVE_EVERY_MS);
  }

  /**
   * Joins a document; `undefined` when it has too many connections.
   *
   * @throws {DocumentRefusal} when the user may not open it
   * @throws {Error} when it can't be loaded
   */
  async join(
    id: string,
    connection: Connection,
    kind: "yjs" | "plain",
  ): Promise<OpenParticipation | undefined> {
    // Before permissions are read: from here on, a change of them closes the connection.
    const live: LiveConnection = { id, connection, isRefused: false };
    this.#connections.add(live);
    let joined: OpenParticipation | undefined;
    try {
      const document = await this.documentList.stored(id);
      const refusal = refusalOf(document, connection);
      if (refusal) throw refusal;
      // Opening a document that doesn't exist makes it, with the first edit.
      if (!document) await this.documentList.checkQuota(connection.user.id);
      return joined = await this.#join(live, kind);
    } finally {
      if (!joined) this.#connections.delete(live);
    }
  }

  async #join(live: LiveConnection, kind: "yjs" | "plain"): Promise<OpenParticipation | undefined> {
    const { id, connection } = live;
    const open = this.#use(id);
    const document = await open.loading;
    let participant: Participant | undefined;
    try {
      if (!live.isRefused) participant = document.join(connection, kind);
    } finally {
      if (!participant) this.#release(id, open);
    }
    if (!participant) return undefined;
    const joined = participant;
    const leave = () => {
      document.leave(joined);
      this.#connections.delete(live);
      this.#release(id, open);
    };
    return { receive: (data) => void (live.isRefused || joined.receive(data)), leave };
  }

  /** Removes for good the documents that can't be restored any more. */
  async removeDeleted(): Promise<void> {
    await removeForGood(this.#parts.kv, this.#parts.now());
  }

  /** Closes the connections that a change of permissions refuses. */
  async #closeRefused(change: Change): Promise<void> {
    const isAffected = ({ id, connection }: LiveConnection) =>
      change.type === "unknown" || (change.type === "document" && change.id === id) ||
      (change.type === "account" && change.id === connection.user.id);
    for (const live of [...this.#connections].filter(isAffected)) {
      const refusal = refusalOf(await this.documentList.stored(live.id), live.connection);
      if (!refusal || live.isRefused) continue;
      live.isRefused = true;
      void live.connection.close(CLOSE.notAllowed, refusal.message);
    }
  }

  /** The present text of a document; `""` if nobody has written in it. */
  async read(id: string): Promise<string> {
    return await this.#with(id, (document) => Promise.resolve(document.text.toString()));
  }

  /** Sets the text to that of a version; false when there is none with this id. */
  async restore(id: string, version: string, by: DocumentUser): Promise<boolean> {
    const text = await this.documentList.versions.text(id, version);
    if (text === undefined) return false;
    await this.#with(id, (document) => document.restore(text, by));
    return true;
  }

  /** Applies a post of another isolate. */
  receive(post: Post): void {
    if (isDocumentPost(post)) this.#loaded.get(post.id)?.receive(post);
  }

  /** Saves everything; doesn't resolve while KV is down. */
  async settle(): Promise<void> {
    await Promise.all(Array.from(this.#loaded.values(), (document) => document.settle()));
  }

  /** Saves everything before the service closes. */
  drain(): Promise<void> {
    return this.settle();
  }

  /** Closes all documents; what isn't saved by now is lost. Resolves when no request to KV is under way any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    clearInterval(this.#removing);
    for (const { unloading } of this.#open.values()) clearTimeout(unloading);
    const ended = Array.from(this.#loaded.values(), (document) => document.end());
    // A document that is loading closes itself when it finds #isClosed set, and rejects.
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

  #use(id: string): OpenDocument {
    let open = this.#open.get(id);
    if (!open) {
      const fresh: OpenDocument = open = { loading: this.#load(id), users: 0, unloading: undefined };
      this.#open.set(id, open);
      // The next to join tries again.
      open.loading.catch(() => this.#open.get(id) === fresh && this.#open.delete(id));
    }
    open.users++;
    clearTimeout(open.unloading);
    return open;
  }

  #release(id: string, open: OpenDocument): void {
    if (--open.users || this.#isClosed) return;
    open.unloading = setTimeout(() => {
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
    this.#timer ??= setInterval(() => this.#poll(), POLL_EVERY_MS);
    return document;
  }

  /** Removes a document from memory once it is saved, unless somebody joined meanwhile. */
  async #unload(id: string, open: OpenDocument): Promise<void> {
    const document = await open.loading;
    await document.settle();
    if (!open.users && !this.#isClosed) await document.tidy();
    // Somebody may have joined during the awaits above; those who join from here on load the document again.
    if (open.users || this.#isClosed || this.#open.get(id) !== open) return;
    clearTimeout(open.unloading);
    this.#open.delete(id);
    this.#loaded.delete(id);
    if (!this.#open.size) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    await document.end();
  }

  #poll(): void {
    for (const document of this.#loaded.values()) document.poll();
  }
}

/** Why a user may not open a document, as it is stored; `undefined`: they may. */
function refusalOf(document: ListedDocument | undefined, { user }: Connection): DocumentRefusal | undefined {
  if (!document) return undefined;
  if (document.deletedAt !== undefined) return new DocumentRefusal("deleted");
  return mayRead(document, user) ? undefined : new DocumentRefusal("private");
}

function isDocumentPost(post: Post): post is Extract<Post, DocumentPost> {
  return post.type.startsWith("document_");
}
