/**
 * The way of a document's edits and awareness changes to everybody else: gathered for a moment, then sent as one frame to
 * the clients of this isolate and as posts to the other isolates.
 */
import { Buffer } from "node:buffer";
import * as Y from "yjs";
import type { Change, DocumentAwareness } from "./yjs/awareness.ts";
import { awarenessFrame, updateFrame } from "./yjs/sync_frames.ts";

/** What isolates send each other about documents. */
export type DocumentPost =
  | { type: "document_edit"; id: string; from: string; number: number; update: string }
  | { type: "document_saved"; id: string; from: string; number: number }
  | { type: "document_people"; id: string; update: string; users?: Record<string, string> | undefined }
  | { type: "document_who"; id: string };

interface DocumentFanOutParts {
  /** The document's id. */
  readonly id: string;
  /** This isolate's id. */
  readonly isolate: string;
  readonly awareness: DocumentAwareness;
  /** The number of edits made at this isolate so far. */
  readonly editNumber: () => number;
  /** Sends frames to the Yjs clients of this isolate. */
  readonly send: (frames: readonly Uint8Array<ArrayBuffer>[]) => void;
  /** Sends a post to the other isolates; missing when there are none. */
  readonly post: ((post: DocumentPost) => void) | undefined;
}

/** Edits made within this time go out together. */
const EDITS_MS = 10;
/** So do awareness changes; the standard provider sends back all that it receives, one frame for each. */
const AWARENESS_MS = 80;
/** Size of an update, in bytes before base64, that fits into a post; the others read a larger one from KV. */
const MAX_POSTED_BYTES = 7_000;
/** Bytes that the id of one client's user adds to a post. */
const USER_BYTES = 50;

/** Gathers and sends the changes of one document. */
export class DocumentFanOut {
  readonly #parts: DocumentFanOutParts;
  #edits: Uint8Array<ArrayBuffer>[] = [];
  /** Those of them made at this isolate since the last post. */
  #unposted: Uint8Array<ArrayBuffer>[] = [];
  /** Clients whose awareness changed. */
  #changed = new Set<number>();
  /** Those of them that the other isolates don't know of yet. */
  #unpostedClients = new Set<number>();
  #awarenessSentAt = -Infinity;
  #dueAt = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(parts: DocumentFanOutParts) {
    this.#parts = parts;
  }

  /** Adds an update for the clients of this isolate. */
  addEdit(update: Uint8Array<ArrayBuffer>): void {
    this.#edits.push(update);
    this.#sendWithin(EDITS_MS);
  }

  /** Adds an update, made here, for the other isolates. */
  addPost(update: Uint8Array<ArrayBuffer>): void {
    this.#unposted.push(update);
  }

  /** Adds awareness changes; those made here go to the other isolates, too. */
  addAwareness(changes: readonly Change[], madeAt: "here" | "elsewhere"): void {
    for (const { client } of changes) {
      this.#changed.add(client);
      if (madeAt === "here") this.#unpostedClients.add(client);
    }
    this.#sendWithin(AWARENESS_MS - (performance.now() - this.#awarenessSentAt));
  }

  /** Drops the edits added while the document was being loaded, when it had no participants. */
  reset(): void {
    this.#edits = [];
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Sends all that is due now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { awareness, send } = this.#parts;
    const frames: Uint8Array<ArrayBuffer>[] = [];
    const edits = this.#edits.splice(0);
    if (edits.length) frames.push(updateFrame(merged(edits)));
    const now = performance.now();
    if (this.#changed.size && now - this.#awarenessSentAt >= AWARENESS_MS) {
      frames.push(awarenessFrame(awareness, this.#changed));
      this.postAwareness([...this.#unpostedClients]);
      this.#changed = new Set();
      this.#unpostedClients = new Set();
      this.#awarenessSentAt = now;
    }
    if (this.#changed.size) this.#sendWithin(AWARENESS_MS - (now - this.#awarenessSentAt));
    if (frames.length) send(frames);
    this.#postEdits();
  }

  /** Posts the awareness states of some clients, in as many posts as they need. */
  postAwareness(clients: readonly number[]): void {
    const { id, awareness, post } = this.#parts;
    if (!post) return;
    let batch: number[] = [];
    let bytes = 0;
    const send = () => {
      const update = Buffer.from(awareness.encode(batch)).toString("base64");
      post({ type: "document_people", id, update, users: awareness.usersOf(batch) });
    };
    for (const client of clients) {
      const length = awareness.encode([client]).length + USER_BYTES;
      if (batch.length && bytes + length > MAX_POSTED_BYTES) {
        send();
        [batch, bytes] = [[], 0];
      }
      batch.push(client);
      bytes += length;
    }
    if (batch.length) send();
  }

  /** Asks the other isolates for the awareness states of their clients. */
  requestAwareness(): void {
    this.#parts.post?.({ type: "document_who", id: this.#parts.id });
  }

  /** Posts that the edits made here are durable up to a number. */
  postSaved(number: number): void {
    const { id, isolate: from, post } = this.#parts;
    post?.({ type: "document_saved", id, from, number });
  }

  /** Stops the timer; nothing is sent any more but by {@link flush}. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #sendWithin(ms: number): void {
    const delay = Math.max(ms, EDITS_MS);
    const at = performance.now() + delay;
    if (this.#isClosed || (this.#timer !== undefined && at >= this.#dueAt)) return;
    clearTimeout(this.#timer);
    this.#dueAt = at;
    this.#timer = setTimeout(() => this.flush(), delay);
  }

  #postEdits(): void {
    const unposted = this.#unposted.splice(0);
    const { id, isolate: from, post, editNumber } = this.#parts;
    if (!post || !unposted.length) return;
    const update = merged(unposted);
    if (update.length > MAX_POSTED_BYTES) return;
    const text = Buffer.from(update).toString("base64");
    post({ type: "document_edit", id, from, number: editNumber(), update: text });
  }
}

function merged(updates: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  return updates.length === 1 ? updates[0] : Y.mergeUpdates([...updates]) as Uint8Array<ArrayBuffer>;
}
