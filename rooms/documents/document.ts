/**
 * A document: one text that several people edit at once.
 *
 * The path of an edit: a participant → judged (`update_check.ts`) → applied → gathered for a moment → one frame for all
 * participants here and one post to the other isolates → saved (`persistence.ts`) → `saved` to whoever asked.
 */
import { Buffer } from "node:buffer";
import * as Y from "yjs";
import type { DocumentList } from "./document_list.ts";
import { Versions } from "./versions.ts";
import { DocumentStore } from "./document_store.ts";
import {
  type Applied,
  type Connection,
  FullError,
  type Participant,
  type ParticipantHost,
  type UpdateKind,
} from "./participant.ts";
import { PlainAudience } from "./plain_audience.ts";
import { MAX_DOCUMENT_BYTES } from "./plain_frames.ts";
import { PlainParticipant } from "./plain_participant.ts";
import { type Change, DocumentAwareness, type Whose } from "./awareness.ts";
import { Persistence } from "./persistence.ts";
import { CLOSE, presenceFrame, SyncParticipant, updateFrame } from "./sync_participant.ts";
import { checkUpdate, CONTENT, UpdateError } from "./update_check.ts";

/** What documents tell each other between isolates. */
export type DocumentPost =
  | { type: "document_edit"; id: string; from: string; number: number; update: string }
  | { type: "document_saved"; id: string; from: string; number: number }
  | { type: "document_people"; id: string; update: string; users?: Record<string, string> | undefined }
  | { type: "document_who"; id: string };

export interface DocumentParts {
  readonly id: string;
  readonly kv: Deno.Kv;
  readonly documentList: DocumentList;
  readonly now: () => number;
  /** This isolate. */
  readonly isolate: string;
  /** Tells the other isolates; missing when there are none. */
  readonly post: ((post: DocumentPost) => void) | undefined;
  /** Told of what goes wrong, by a fixed name. */
  readonly failed: (what: string, error: unknown) => void;
}

/** Connections to one document at one isolate. */
export const MAX_PARTICIPANTS = 100;
/** Edits of this time go out together. */
const GATHER_MS = 10;
/** And so does who came, moved and went: the stock provider sends all that it hears back, one frame for each. */
const STIR_MS = 80;
/** An update in base64 that fits into a post; a larger one is read from KV. */
const MAX_POSTED_BYTES = 7_000;
/** What it takes in a post to say whose a client is. */
const USER_BYTES = 50;
/** The true size of a full document is found out again after so many bytes of updates, and when something was deleted. */
const WEIGH_EVERY_BYTES = 64 * 1024;
const WEIGH_EVERY_MS = 1_000;

/** Where a change comes from that no participant made. */
const KV = Symbol("KV");
const RESTORED = Symbol("restored");
interface Posted {
  readonly from: string;
  readonly number: number;
}

export class Document implements ParticipantHost {
  readonly id: string;
  readonly doc = new Y.Doc();
  readonly text: Y.Text;
  readonly presence: DocumentAwareness;
  readonly #parts: DocumentParts;
  readonly #persistence: Persistence;
  readonly #versions: Versions;
  readonly #editors = new Set<SyncParticipant>();
  readonly #audience: PlainAudience;
  /** Who announced a client's id, or edits under it, as long as they are connected: nobody else may make edits up. */
  readonly #owners = new Map<number, Participant>();
  #fresh: Uint8Array<ArrayBuffer>[] = [];
  #unposted: Uint8Array<ArrayBuffer>[] = [];
  #stirred = new Set<number>();
  /** Those of them that the other isolates weren't told of. */
  #untold = new Set<number>();
  #stirredAt = -Infinity;
  #dueAt = Infinity;
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #bytes = 0;
  #weighed = 0;
  #weighedAt = -Infinity;
  /** Whether something was deleted since. */
  #hasShrunk = false;
  #isClosed = false;

  /** Resolves when all of it is loaded. Throws when it can't be. */
  static async open(parts: DocumentParts): Promise<Document> {
    const document = new Document(parts);
    await document.#load();
    return document;
  }

  private constructor(parts: DocumentParts) {
    this.#parts = parts;
    this.id = parts.id;
    this.text = this.doc.getText(CONTENT);
    this.presence = new DocumentAwareness(parts.now);
    this.#versions = new Versions(parts);
    this.#audience = new PlainAudience(this.text);
    this.#persistence = new Persistence({
      store: new DocumentStore(parts.kv, parts.id),
      state: () => Y.encodeStateAsUpdate(this.doc) as Uint8Array<ArrayBuffer>,
      apply: (updates) => this.#applyRead(updates),
      ready: () => this.#versions.kept,
      saved: (number) => this.#saved(number),
      failed: (error) => parts.failed("document_save_failed", error),
    });
    this.doc.on(
      "update",
      (update: Uint8Array, origin: unknown, _doc: Y.Doc, { deleteSet }: Y.Transaction) => {
        if (deleteSet.clients.size) this.#hasShrunk = true;
        this.#changed(update as Uint8Array<ArrayBuffer>, origin);
      },
    );
    this.text.observe((event) => this.#audience.edited(event, () => this.#userOf(event.transaction)));
  }

  /** Lets a connection in that speaks Yjs, or plain text frames; `undefined` when there are too many. */
  join(connection: Connection, kind: "yjs" | "plain"): Participant | undefined {
    if (this.#editors.size + this.#audience.members.size >= MAX_PARTICIPANTS) return undefined;
    if (kind === "yjs") {
      const editor = new SyncParticipant(connection, this);
      this.#editors.add(editor);
      return editor;
    }
    const member = new PlainParticipant(connection, this);
    this.#audience.add(member);
    member.begin();
    return member;
  }

  leave(participant: Participant): void {
    if (participant instanceof PlainParticipant) {
      this.#audience.remove(participant);
      participant.leave();
    } else if (participant instanceof SyncParticipant) {
      this.#editors.delete(participant);
      participant.leave();
    }
    this.#persistence.forget(participant);
    for (const [client, owner] of this.#owners) if (owner === participant) this.#owners.delete(client);
    this.#heed(this.presence.leave(participant));
  }

  apply(update: Uint8Array, by: Participant, kind: UpdateKind): Applied {
    const isLive = kind === "live";
    const { isComplete, clients } = checkUpdate(this.doc, update);
    if ([...clients].some((client) => this.#isAnothers(client, by, kind))) {
      if (isLive) throw new UpdateError("An update brings edits in somebody else's name");
      return "others";
    }
    if (!isComplete) return "unknown";
    // What is there already, or deletes, makes nothing fuller.
    if (clients.size) this.#makeRoom(update.length);
    this.#work(() => Y.applyUpdate(this.doc, update, by));
    const { store } = this.doc;
    if (store.pendingStructs || store.pendingDs) {
      // It was found complete, so this can't be; what waits must not wait for ever.
      store.pendingStructs = store.pendingDs = null;
      throw new UpdateError("An update refers to what nobody has");
    }
    // Others' edits may come with an answer, from who saw them at another isolate; only one's own come one by one.
    for (const client of clients) if (isLive && !this.#owners.has(client)) this.#owners.set(client, by);
    return "applied";
  }

  edit(
    change: () => void,
    { participant, client, brings }: { participant: Participant; client: number; brings: number },
  ): void {
    if (brings) this.#makeRoom(3 * brings);
    this.#work(() => {
      this.doc.clientID = client;
      this.doc.transact(change, participant);
    });
  }

  present(update: Uint8Array, by: Participant): void {
    const changes = this.presence.take(update, by, by.connection.user);
    const isNew = changes.filter(({ state, isNew }) => isNew && state).map(({ client }) => client);
    for (const client of isNew) this.#owners.set(client, by);
    // The other isolates hear whose it is before anybody else can.
    this.#postPeople(isNew);
    this.#heed(changes);
  }

  askWhoIsThere(): void {
    this.#parts.post?.({ type: "document_who", id: this.id });
  }

  catchUp(): Promise<void> {
    return this.#read();
  }

  point(client: number, state: Record<string, unknown>, by: Participant): void {
    this.#heed(this.presence.set(client, state, by, by.connection.user));
  }

  whenSaved(by: Participant, done: () => void): void {
    // Whoever is sent away may have asked for more.
    if (!this.#isHere(by)) return;
    if (!this.#persistence.whenSaved(by, done)) {
      void by.connection.close(CLOSE.busy, "Nothing can be saved at present");
    }
  }

  /**
   * Makes the text what it was, by an edit like any other, which is saved after a version of what it is now; resolves
   * when both are durable.
   */
  async restore(text: string, by: Whose): Promise<void> {
    const editedAt = await this.#versions.enter(by);
    // From here to the edit nothing may wait: what somebody types meanwhile would be neither here nor in the version.
    const now = this.text.toString();
    if (now === text) return;
    const kept = this.#versions.keepNow(now, editedAt);
    const { start, end } = difference(now, text);
    this.#versions.edited(by);
    this.doc.clientID = Math.floor(Math.random() * 2 ** 32);
    this.doc.transact(() => {
      this.text.delete(start, now.length - end - start);
      this.text.insert(start, text.slice(start, text.length - end));
    }, RESTORED);
    await kept;
    await this.settle();
  }

  /** Hears another isolate. */
  hear(post: DocumentPost): void {
    switch (post.type) {
      case "document_edit": {
        const update = Buffer.from(post.update, "base64");
        const { from, number } = post satisfies Posted;
        // What it is built upon was lost on the way, and will be read from KV together with it.
        if (checkUpdate(this.doc, update).isComplete) {
          Y.applyUpdate(this.doc, update, { from, number } satisfies Posted);
        }
        return;
      }
      case "document_saved":
        this.#persistence.confirmed(post.from, post.number);
        return void this.#read();
      case "document_people":
        return this.#heed(this.presence.takeElsewhere(Buffer.from(post.update, "base64"), post.users), {
          isPosted: true,
        });
      case "document_who":
        return this.#postPeople(this.#clientsHere());
    }
  }

  /** Reads what may have been missed, and looks who has gone. */
  look(): void {
    for (const member of this.#audience.members) this.#heed(member.renew());
    this.#heed(this.presence.sweep());
    void this.#read();
  }

  /** Resolves when nothing is unsaved. */
  async settle(): Promise<void> {
    this.#flush();
    await this.#persistence.settle();
    await this.#versions.settled();
  }

  /** Leaves it in KV so that it opens fast. */
  async tidy(): Promise<void> {
    await this.#persistence.tidy().catch((error) => this.#parts.failed("document_save_failed", error));
  }

  /** Ends it as it is: what isn't saved by now is lost. Resolves when nothing is asked of KV any more. */
  async end(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#gathering);
    const closed = this.#persistence.close();
    this.doc.destroy();
    await closed;
    // A save that has just come to its end is noted.
    await this.#versions.settled();
  }

  async #load(): Promise<void> {
    await this.#persistence.read();
    await this.#versions.open(!this.text.length);
    this.#fresh = [];
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.askWhoIsThere();
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

  /** The first change of a new stretch of work keeps what was before it. */
  #work(change: () => void): void {
    const { isDue } = this.#versions;
    const before = isDue ? this.text.toString() : "";
    const count = this.#persistence.number;
    change();
    if (isDue && count !== this.#persistence.number) this.#versions.begin(before);
  }

  /** Throws {@link FullError}. */
  #makeRoom(bytes: number): void {
    if (this.#bytes + bytes <= MAX_DOCUMENT_BYTES) return;
    // Many small updates take more than what they come to; weighing takes time.
    const now = performance.now();
    const isLighter = this.#hasShrunk && now - this.#weighedAt >= WEIGH_EVERY_MS;
    if (isLighter || this.#weighed + WEIGH_EVERY_BYTES <= this.#bytes) {
      this.#bytes = this.#weighed = Y.encodeStateAsUpdate(this.doc).length;
      this.#weighedAt = now;
      this.#hasShrunk = false;
    }
    if (this.#bytes + bytes > MAX_DOCUMENT_BYTES) throw new FullError();
  }

  #changed(update: Uint8Array<ArrayBuffer>, origin: unknown): void {
    this.#bytes += update.length;
    this.#fresh.push(update);
    this.#gather();
    if (origin === KV) return;
    if (isPosted(origin)) return this.#persistence.foreign(update, origin.from, origin.number);
    this.#persistence.own(update);
    this.#unposted.push(update);
    if (isParticipant(origin)) this.#versions.edited(origin.connection.user);
  }

  #saved(number: number): void {
    // Nobody should hear that an edit is saved before the edit.
    this.#flush();
    this.#parts.post?.({ type: "document_saved", id: this.id, from: this.#parts.isolate, number });
    this.#versions.note();
  }

  #gather(ms = GATHER_MS): void {
    const delay = Math.max(ms, GATHER_MS);
    const at = performance.now() + delay;
    if (this.#isClosed || (this.#gathering !== undefined && at >= this.#dueAt)) return;
    clearTimeout(this.#gathering);
    this.#dueAt = at;
    this.#gathering = setTimeout(() => this.#flush(), delay);
  }

  #flush(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const frames: Uint8Array<ArrayBuffer>[] = [];
    const fresh = this.#fresh.splice(0);
    if (fresh.length) frames.push(updateFrame(merged(fresh)));
    const now = performance.now();
    if (this.#stirred.size && now - this.#stirredAt >= STIR_MS) {
      frames.push(presenceFrame(this, this.#stirred));
      this.#postPeople([...this.#untold]);
      this.#stirred = new Set();
      this.#untold = new Set();
      this.#stirredAt = now;
    }
    if (this.#stirred.size) this.#gather(STIR_MS - (now - this.#stirredAt));
    if (frames.length) { for (const editor of this.#editors) editor.tell(frames); }
    const unposted = this.#unposted.splice(0);
    const { isolate: from, post } = this.#parts;
    if (!post || !unposted.length) return;
    const update = merged(unposted);
    if (update.length > MAX_POSTED_BYTES) return;
    const number = this.#persistence.number;
    post({
      type: "document_edit",
      id: this.id,
      from,
      number,
      update: Buffer.from(update).toString("base64"),
    });
  }

  /** Who made a change: whoever the connection belongs to, else whoever edits under the client's id. */
  #userOf(transaction: Y.Transaction): string {
    const { afterState, beforeState } = transaction;
    const origin: unknown = transaction.origin;
    if (isParticipant(origin)) return origin.connection.user.name;
    const client = [...afterState].find(([client, clock]) => clock !== (beforeState.get(client) ?? 0))?.[0];
    return client === undefined ? "" : this.presence.nameOf(client) ?? "";
  }

  /** Tells of those who came, moved or went. */
  #heed(changes: readonly Change[], { isPosted }: { isPosted: boolean } = { isPosted: false }): void {
    if (!changes.length) return;
    this.#audience.stirred(changes);
    for (const { client } of changes) {
      this.#stirred.add(client);
      if (!isPosted) this.#untold.add(client);
    }
    this.#gather(STIR_MS - (performance.now() - this.#stirredAt));
  }

  /** Whether a client's id belongs to another user than whoever sends edits under it. */
  #isAnothers(client: number, by: Participant, kind: UpdateKind): boolean {
    const { presence } = this;
    const user = this.#owners.get(client)?.connection.user.id ??
      (kind === "last answer" ? presence.presentUserOf(client) : presence.userOf(client));
    return user !== undefined && user !== by.connection.user.id;
  }

  #isHere(participant: Participant): boolean {
    return participant instanceof PlainParticipant
      ? this.#audience.members.has(participant)
      : participant instanceof SyncParticipant && this.#editors.has(participant);
  }

  #clientsHere(): number[] {
    return [...this.#editors, ...this.#audience.members].flatMap((one) => this.presence.of(one));
  }

  #postPeople(clients: readonly number[]): void {
    const { post } = this.#parts;
    if (!post) return;
    let those: number[] = [];
    let bytes = 0;
    const send = () => {
      const update = Buffer.from(this.presence.encode(those)).toString("base64");
      post({ type: "document_people", id: this.id, update, users: this.presence.usersOf(those) });
    };
    for (const client of clients) {
      const length = this.presence.encode([client]).length + USER_BYTES;
      if (those.length && bytes + length > MAX_POSTED_BYTES) {
        send();
        [those, bytes] = [[], 0];
      }
      those.push(client);
      bytes += length;
    }
    if (those.length) send();
  }
}

function isParticipant(origin: unknown): origin is SyncParticipant | PlainParticipant {
  return origin instanceof SyncParticipant || origin instanceof PlainParticipant;
}

function isPosted(origin: unknown): origin is Posted {
  return typeof origin === "object" && origin !== null && "number" in origin && "from" in origin;
}

function merged(updates: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  return updates.length === 1 ? updates[0] : Y.mergeUpdates([...updates]) as Uint8Array<ArrayBuffer>;
}

/** How much two texts have in common at their beginning and their end, in whole characters. */
function difference(a: string, b: string): { start: number; end: number } {
  const least = Math.min(a.length, b.length);
  let start = 0;
  while (start < least && a[start] === b[start]) start++;
  let end = 0;
  while (end < least - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  // Not between the halves of a character.
  if (start && /[\ud800-\udbff]/.test(a[start - 1])) start--;
  if (end && /[\udc00-\udfff]/.test(a[a.length - end])) end--;
  return { start, end };
}
