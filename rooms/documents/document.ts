/**
 * A document: one text that several people edit at once.
 *
 * The path of an edit: a participant → checked (`update_check.ts`) → applied → gathered for a moment and sent to all
 * others (`document_fan_out.ts`) → saved (`persistence.ts`) → `saved` to the clients that asked for it.
 */
import { Buffer } from "node:buffer";
import * as Y from "yjs";
import { type Change, DocumentAwareness, type DocumentUser } from "./yjs/awareness.ts";
import { authorOf, isParticipant, isPosted, KV, type Posted, RESTORED } from "./change_origin.ts";
import { ClientOwners } from "./client_owners.ts";
import { DocumentFanOut, type DocumentPost } from "./document_fan_out.ts";
import { DocumentStore } from "./document_store.ts";
import type { Applied, Connection, Participant, ParticipantHost, UpdateKind } from "./participant.ts";
import { Participants } from "./participants.ts";
import { Persistence } from "./persistence.ts";
import { applyKnown, partialUpdate } from "./yjs/partial_update.ts";
import { replaceText } from "./yjs/replace_text.ts";
import { SizeLimit } from "./yjs/size_limit.ts";
import { CLOSE } from "./sync_participant.ts";
import { applyChecked, checkUpdate, CONTENT, UpdateError } from "./yjs/update_check.ts";
import { Versions, type VersionsParts } from "./versions.ts";

interface DocumentParts extends VersionsParts {
  readonly kv: Deno.Kv;
  /** This isolate's id. */
  readonly isolate: string;
  /** Sends a post to the other isolates; missing when there are none. */
  readonly post: ((post: DocumentPost) => void) | undefined;
}

/** A document that is open at this isolate. */
export class Document implements ParticipantHost {
  readonly id: string;
  readonly doc = new Y.Doc();
  readonly text: Y.Text;
  readonly awareness: DocumentAwareness;
  readonly #parts: DocumentParts;
  readonly #persistence: Persistence;
  readonly #versions: Versions;
  readonly #participants: Participants;
  readonly #fanOut: DocumentFanOut;
  readonly #size = new SizeLimit(() => this.#state().length);
  readonly #owners: ClientOwners;
  #isClosed = false;

  /**
   * Opens a document; resolves when it is loaded.
   *
   * @throws {Error} when KV can't be read
   */
  static async open(parts: DocumentParts): Promise<Document> {
    const document = new Document(parts);
    await document.#load();
    return document;
  }

  private constructor(parts: DocumentParts) {
    this.#parts = parts;
    this.id = parts.id;
    this.text = this.doc.getText(CONTENT);
    this.awareness = new DocumentAwareness(parts.now);
    this.#owners = new ClientOwners(this.awareness);
    this.#versions = new Versions(parts);
    this.#participants = new Participants(this.text);
    this.#fanOut = new DocumentFanOut({
      ...parts,
      awareness: this.awareness,
      editNumber: () => this.#persistence.number,
      send: (frames) => this.#participants.send(frames),
    });
    this.#persistence = new Persistence({
      store: new DocumentStore(parts.kv, parts.id),
      state: () => this.#state(),
      apply: (updates) => this.#applyRead(updates),
      ready: () => this.#versions.kept,
      saved: (number) => this.#saved(number),
      failed: (error) => parts.failed("document_save_failed", error),
    });
    this.doc.on(
      "update",
      (update: Uint8Array, origin: unknown, _doc: Y.Doc, { deleteSet }: Y.Transaction) => {
        if (deleteSet.clients.size) this.#size.deleted();
        this.#changed(update as Uint8Array<ArrayBuffer>, origin);
      },
    );
    this.text.observe((event) =>
      this.#participants.textChanged(event, () => authorOf(event.transaction, this.awareness))
    );
  }

  /** Adds a connection whose client speaks Yjs or plain-text frames; `undefined` when there are too many. */
  join(connection: Connection, kind: "yjs" | "plain"): Participant | undefined {
    return this.#participants.join(connection, kind, this);
  }

  /** Removes a participant, its awareness states and its waiting callbacks. */
  leave(participant: Participant): void {
    this.#participants.leave(participant);
    this.#persistence.forget(participant);
    this.#owners.leave(participant);
    this.#awarenessChanged(this.awareness.leave(participant));
  }

  apply(update: Uint8Array, by: Participant, kind: UpdateKind): Applied {
    const isLive = kind === "live";
    const { isComplete, clients } = checkUpdate(this.doc, update);
    const own = new Set([...clients].filter((client) => !this.#owners.isAnothers(client, by, kind)));
    if (own.size < clients.size) {
      if (isLive) throw new UpdateError("An update brings edits in somebody else's name");
      if (!own.size) return "others";
      // Two users may each hold the other's edits: each one's own are taken, as far as they refer to known ones.
      const part = partialUpdate(update, own);
      this.#size.require(part.length);
      return this.#edit(() => applyKnown(this.doc, part, by)) ? "partly" : "others";
    }
    if (!isComplete) return "unknown";
    // An update that only repeats or deletes doesn't make the document larger.
    if (clients.size) this.#size.require(update.length);
    this.#edit(() => applyChecked(this.doc, update, by));
    // An answer may carry others' edits that the client received at another isolate; a live update carries its own.
    if (isLive) { for (const client of clients) this.#owners.edited(client, by); }
    return "applied";
  }

  edit(
    change: () => void,
    { participant, client, inserts }: { participant: Participant; client: number; inserts: number },
  ): void {
    // A UTF-16 code unit takes up to three bytes of UTF-8.
    if (inserts) this.#size.require(3 * inserts);
    this.#edit(() => {
      this.doc.clientID = client;
      this.doc.transact(change, participant);
    });
  }

  applyAwareness(update: Uint8Array, by: Participant): void {
    const changes = this.awareness.take(update, by, by.connection.user);
    const added = changes.filter(({ state, isNew }) => isNew && state).map(({ client }) => client);
    for (const client of added) this.#owners.announced(client, by);
    // The other isolates learn whose clients these are before any client of theirs can claim them.
    this.#fanOut.postAwareness(added);
    this.#awarenessChanged(changes);
  }

  requestAwareness(): void {
    this.#fanOut.requestAwareness();
  }

  catchUp(): Promise<void> {
    return this.#read();
  }

  setAwareness(client: number, state: Record<string, unknown>, by: Participant): void {
    this.#awarenessChanged(this.awareness.set(client, state, by, by.connection.user));
  }

  whenSaved(by: Participant, done: () => void): void {
    // Frames of a connection that was closed may still arrive.
    if (!this.#participants.has(by)) return;
    if (!this.#persistence.whenSaved(by, done)) {
      void by.connection.close(CLOSE.busy, "Nothing can be saved at present");
    }
  }

  /** Sets the text, by an ordinary edit, after its present content is kept as a version; resolves when both are durable. */
  async restore(text: string, by: DocumentUser): Promise<void> {
    const editedAt = await this.#versions.addAuthor(by);
    // No `await` from here to the edit: what is typed in between would be neither in the text nor in the version.
    const content = this.text.toString();
    if (content === text) return;
    const kept = this.#versions.keepNow(content, editedAt);
    this.#versions.edited(by);
    this.doc.clientID = Math.floor(Math.random() * 2 ** 32);
    this.doc.transact(() => replaceText(this.text, text), RESTORED);
    await kept;
    await this.settle();
  }

  /** Applies a post of another isolate. */
  receive(post: DocumentPost): void {
    switch (post.type) {
      case "document_edit": {
        const update = Buffer.from(post.update, "base64");
        const { from, number } = post satisfies Posted;
        // If an edit that it refers to was lost on the way, both will be read from KV.
        if (checkUpdate(this.doc, update).isComplete) {
          Y.applyUpdate(this.doc, update, { from, number } satisfies Posted);
        }
        return;
      }
      case "document_saved":
        this.#persistence.confirmed(post.from, post.number);
        return void this.#read();
      case "document_people":
        return this.#awarenessChanged(
          this.awareness.takeElsewhere(Buffer.from(post.update, "base64"), post.users),
          "elsewhere",
        );
      case "document_who":
        return this.#fanOut.postAwareness(
          [...this.#participants].flatMap((participant) => this.awareness.of(participant)),
        );
    }
  }

  /** Reads what lost posts were about, and removes clients of other isolates that were silent for too long. */
  poll(): void {
    this.#awarenessChanged(this.#participants.renewAwareness());
    this.#awarenessChanged(this.awareness.sweep());
    void this.#read();
  }

  /** Sends and saves everything; resolves when nothing is unsaved. */
  async settle(): Promise<void> {
    this.#fanOut.flush();
    await this.#persistence.settle();
    await this.#versions.settled();
  }

  /** Replaces updates in KV by a snapshot where that makes the next opening faster. */
  async tidy(): Promise<void> {
    await this.#persistence.tidy().catch((error) => this.#parts.failed("document_save_failed", error));
  }

  /** Closes the document; what isn't saved by now is lost. Resolves when no request to KV is under way any more. */
  async end(): Promise<void> {
    this.#isClosed = true;
    this.#fanOut.close();
    const closed = this.#persistence.close();
    this.doc.destroy();
    await closed;
    // A save that has just ended still records its authors.
    await this.#versions.settled();
  }

  async #load(): Promise<void> {
    await this.#persistence.read();
    await this.#versions.open(!this.text.length);
    this.#fanOut.reset();
    this.requestAwareness();
  }

  async #read(): Promise<void> {
    try {
      if (!this.#isClosed) await this.#persistence.read();
    } catch (error) {
      if (!this.#isClosed) this.#parts.failed("document_read_failed", error);
    }
  }

  #applyRead(updates: readonly Uint8Array<ArrayBuffer>[]): void {
    if (this.#isClosed) return;
    this.doc.transact(() => {
      for (const update of updates) Y.applyUpdate(this.doc, update, KV);
    }, KV);
  }

  /** Returns whether anything changed; the first change of an editing session keeps the text before it as a version. */
  #edit(change: () => void): boolean {
    const { isDue } = this.#versions;
    const before = isDue ? this.text.toString() : "";
    const { number } = this.#persistence;
    change();
    const hasChanged = number !== this.#persistence.number;
    if (isDue && hasChanged) this.#versions.begin(before);
    return hasChanged;
  }

  #changed(update: Uint8Array<ArrayBuffer>, origin: unknown): void {
    this.#size.add(update.length);
    this.#fanOut.addEdit(update);
    if (origin === KV) return;
    if (isPosted(origin)) return this.#persistence.foreign(update, origin.from, origin.number);
    this.#persistence.own(update);
    this.#fanOut.addPost(update);
    if (isParticipant(origin)) this.#versions.edited(origin.connection.user);
  }

  #saved(number: number): void {
    // The other isolates must receive an edit before they receive that it is saved.
    this.#fanOut.flush();
    this.#fanOut.postSaved(number);
    this.#versions.note();
  }

  #state(): Uint8Array<ArrayBuffer> {
    return Y.encodeStateAsUpdate(this.doc) as Uint8Array<ArrayBuffer>;
  }

  #awarenessChanged(changes: readonly Change[], madeAt: "here" | "elsewhere" = "here"): void {
    if (!changes.length) return;
    this.#participants.awarenessChanged(changes);
    this.#fanOut.addAwareness(changes, madeAt);
  }
}
