/** A client that speaks Yjs: the sync and awareness protocol in binary frames, as y-websocket has it. */
import * as decoding from "lib0/decoding";
import * as sync from "y-protocols/sync";
import * as Y from "yjs";
import type { Connection, Participant, ParticipantHost } from "./participant.ts";
import { decodePlain, encodePlain, PlainError } from "./plain_frames.ts";
import { answerFrame, awarenessFrame, MESSAGE, requestFrame } from "./yjs/sync_frames.ts";
import { UpdateError } from "./yjs/update_check.ts";
import { FullError } from "./yjs/size_limit.ts";

/**
 * Close codes: RFC 6455 has 1007 for data that isn't what it says, and 1009 for too much of it; 1013 is IANA's "try again
 * later" (https://www.iana.org/assignments/websocket).
 */
export const CLOSE = { malformed: 1007, full: 1009, busy: 1013 } as const;
/** After an answer of this size, nothing is sent until it is on its way. */
const LARGE_BYTES = 256 * 1024;
/** Requests for edits that the client's updates refer to; then the connection is closed. */
const MAX_REQUESTS = 20;
/** An answer with another user's edits is requested again after this time: by then they have sent or saved them. */
const RETRY_MS = 250;
/** Such retries; then the client is asked to come back later. */
const MAX_RETRIES = 20;
/** After this number of retries, an answer may bring edits of users who are no longer connected. */
const LAST_ANSWER_AFTER = 4;
/** `save` requests of one client that wait for its answer. */
const MAX_SAVE_REQUESTS = 1_000;

/** A Yjs client. */
export class SyncParticipant implements Participant {
  readonly connection: Connection;
  readonly #host: ParticipantHost;
  /** Requests for the client's edits since its last answer. */
  #requests = 1;
  /** Ids of `save` requests that wait for the answer. */
  #saveRequests: string[] = [];
  /** While a large answer is on its way: the state that the client will then have. */
  #pendingState: Uint8Array | undefined;
  #isSynced = false;
  #retries = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #hasLeft = false;

  constructor(connection: Connection, host: ParticipantHost) {
    this.connection = connection;
    this.#host = host;
  }

  receive(data: string | ArrayBuffer): void {
    try {
      if (typeof data === "string") this.#receiveText(data);
      else this.#receiveBytes(new Uint8Array(data));
    } catch (error) {
      if (error instanceof UpdateError) return void this.connection.close(CLOSE.malformed, error.message);
      if (error instanceof FullError) return void this.connection.close(CLOSE.full, error.message);
      if (!(error instanceof PlainError)) throw error;
      this.connection.send(encodePlain({ type: "error", error: error.message, code: error.code }));
    }
  }

  leave(): void {
    this.#hasLeft = true;
    clearTimeout(this.#retryTimer);
  }

  /** Sends frames of the sync and awareness protocol, which were encoded once for all clients. */
  send(frames: readonly Uint8Array<ArrayBuffer>[]): void {
    // A client that hasn't asked for the document, or is still receiving it, gets these edits with the next answer.
    if (!this.#isSynced || this.#pendingState) return;
    for (const frame of frames) this.connection.send(frame);
  }

  #receiveText(text: string): void {
    const frame = decodePlain(text);
    if (frame.type !== "save") throw new PlainError("unknown_type", "This connection speaks Yjs");
    // The answer that is awaited may bring edits that were made before this request.
    if (this.#requests) this.#saveRequests.push(frame.client_id);
    else this.#confirmSaved(frame.client_id);
    if (this.#saveRequests.length > MAX_SAVE_REQUESTS) this.#saveRequests.shift();
  }

  #confirmSaved(id: string): void {
    const saved = encodePlain({ type: "saved", client_id: id });
    this.#host.whenSaved(this, () => this.connection.send(saved));
  }

  #receiveBytes(bytes: Uint8Array): void {
    const decoder = decoding.createDecoder(bytes);
    switch (decoded(() => decoding.readVarUint(decoder))) {
      case MESSAGE.sync:
        return this.#sync(
          decoded(() => decoding.readVarUint(decoder)),
          decoded(() => decoding.readVarUint8Array(decoder)),
        );
      case MESSAGE.awareness:
        return this.#host.applyAwareness(decoded(() => decoding.readVarUint8Array(decoder)), this);
      case MESSAGE.queryAwareness:
        return this.#sendAwareness();
      default:
        // A frame of a later protocol is ignored, as y-websocket does.
    }
  }

  #sync(type: number, content: Uint8Array): void {
    if (type === sync.messageYjsSyncStep1) return this.#answer(content);
    if (type !== sync.messageYjsSyncStep2 && type !== sync.messageYjsUpdate) {
      throw new UpdateError("There is no such message of the sync protocol");
    }
    const answer = this.#retries < LAST_ANSWER_AFTER ? "answer" : "last answer";
    const applied = this.#host.apply(content, this, type === sync.messageYjsUpdate ? "live" : answer);
    if (type === sync.messageYjsSyncStep2) {
      // What brings the document further isn't counted as waiting for others.
      if (applied === "partly") this.#retries = Math.min(this.#retries, LAST_ANSWER_AFTER);
      if (applied === "partly" || applied === "others") return this.#retry();
      if (applied === "unknown") throw new UpdateError("An answer refers to what neither side has");
      this.#requests = this.#retries = 0;
      for (const id of this.#saveRequests.splice(0)) this.#confirmSaved(id);
    } else if (applied !== "applied" && this.#retryTimer === undefined) {
      // It refers to edits that come another way, for example from another tab. The answer will contain them all.
      if (++this.#requests > MAX_REQUESTS) throw new UpdateError("Updates refer to what nobody has");
      this.#request();
    }
  }

  #retry(): void {
    if (this.#retryTimer !== undefined || this.#hasLeft) return;
    if (++this.#retries > MAX_RETRIES) {
      return void this.connection.close(CLOSE.busy, "What others have written isn't here yet");
    }
    this.#requests = Math.max(this.#requests, 1);
    this.#host.requestAwareness();
    this.#retryTimer = setTimeout(async () => {
      await this.#host.catchUp();
      this.#retryTimer = undefined;
      if (!this.#hasLeft) this.#request();
    }, RETRY_MS);
  }

  #request(): void {
    this.connection.send(requestFrame(this.#host.doc));
  }

  #sendAwareness(): void {
    const { awareness } = this.#host;
    this.connection.send(awarenessFrame(awareness, awareness.clients));
  }

  /** Sends all edits that a client with this state doesn't have. */
  #answer(state: Uint8Array): void {
    if (this.#pendingState) return void (this.#pendingState = state);
    const { doc } = this.#host;
    const frame = decoded(() => answerFrame(doc, state));
    if (!this.#isSynced) this.#request();
    this.#isSynced = true;
    this.connection.send(frame);
    if (frame.length < LARGE_BYTES) return this.#sendAwareness();
    this.#pendingState = Y.encodeStateVector(doc);
    this.connection.drained().then(() => {
      const reached = this.#pendingState;
      this.#pendingState = undefined;
      if (reached) this.#answer(reached);
    }).catch(() => {});
  }
}

/** @throws {UpdateError} when bytes end too soon or have no meaning */
function decoded<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new UpdateError("A message can't be decoded", { cause });
  }
}
