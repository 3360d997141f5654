/** A client that speaks Yjs: the sync and awareness protocol in binary frames, as y-websocket has it. */
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import * as sync from "y-protocols/sync";
import * as Y from "yjs";
import { type Connection, FullError, type Participant, type ParticipantHost } from "./participant.ts";
import { decodePlain, encodePlain, PlainError } from "./plain_frames.ts";
import { UpdateError } from "./update_check.ts";

/** As in y-websocket. */
const MESSAGE = { sync: 0, awareness: 1, queryAwareness: 3 } as const;
/**
 * Close codes: RFC 6455 has 1007 for data that isn't what it says, and 1009 for too much of it; 1013 is IANA's "try again
 * later" (https://www.iana.org/assignments/websocket).
 */
export const CLOSE = { malformed: 1007, full: 1009, busy: 1013 } as const;
/** Larger answers are given time to arrive before more is sent. */
const LARGE_BYTES = 256 * 1024;
/** Times that a client is asked in vain for what its updates refer to. */
const MAX_ASKED = 20;
/** An answer that brings edits of somebody who is here is asked for again: by then they have sent them, or saved them. */
const ASK_AGAIN_MS = 250;
/** Times that it is; then the client is told to come back later. */
const MAX_ASKED_AGAIN = 20;
/** After so many, what an answer brings of those who aren't there any more is taken. */
const MANY_ASKED_AGAIN = 4;

export class SyncParticipant implements Participant {
  readonly connection: Connection;
  readonly #desk: ParticipantHost;
  /** Times the client was asked for what it has, since it last answered. */
  #asked = 1;
  /** What waits for the answer. */
  #marks: string[] = [];
  /** The client's state when it was last given everything, while that is on its way. */
  #behind: Uint8Array | undefined;
  #isIn = false;
  #askedAgain = 0;
  #askingAgain: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: Connection, desk: ParticipantHost) {
    this.connection = connection;
    this.#desk = desk;
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
    this.#askedAgain = Infinity;
    clearTimeout(this.#askingAgain);
  }

  /** Brings frames of the sync and awareness protocol, encoded once for all. */
  tell(frames: readonly Uint8Array<ArrayBuffer>[]): void {
    // Whoever is behind gets it together with the rest, and whoever never asked isn't in yet.
    if (!this.#isIn || this.#behind) return;
    for (const frame of frames) this.connection.send(frame);
  }

  #receiveText(text: string): void {
    const frame = decodePlain(text);
    if (frame.type !== "save") throw new PlainError("unknown_type", "This connection speaks Yjs");
    // What it answers may bring edits that were made before.
    if (this.#asked) this.#marks.push(frame.client_id);
    else this.#mark(frame.client_id);
    if (this.#marks.length > 1_000) this.#marks.shift();
  }

  #mark(id: string): void {
    const saved = encodePlain({ type: "saved", client_id: id });
    this.#desk.whenSaved(this, () => this.connection.send(saved));
  }

  #receiveBytes(bytes: Uint8Array): void {
    const decoder = decoding.createDecoder(bytes);
    switch (read(() => decoding.readVarUint(decoder))) {
      case MESSAGE.sync:
        return this.#sync(
          read(() => decoding.readVarUint(decoder)),
          read(() => decoding.readVarUint8Array(decoder)),
        );
      case MESSAGE.awareness:
        return this.#desk.present(read(() => decoding.readVarUint8Array(decoder)), this);
      case MESSAGE.queryAwareness:
        return this.connection.send(presenceFrame(this.#desk, this.#desk.presence.clients));
      default:
        // A later protocol's: what isn't understood is passed over, as y-websocket does.
    }
  }

  #sync(type: number, content: Uint8Array): void {
    if (type === sync.messageYjsSyncStep1) return this.#answer(content);
    if (type !== sync.messageYjsSyncStep2 && type !== sync.messageYjsUpdate) {
      throw new UpdateError("There is no such message of the sync protocol");
    }
    const answer = this.#askedAgain < MANY_ASKED_AGAIN ? "answer" : "last answer";
    const applied = this.#desk.apply(content, this, type === sync.messageYjsUpdate ? "live" : answer);
    if (type === sync.messageYjsSyncStep2) {
      if (applied === "others") return this.#askAgain();
      if (applied === "unknown") throw new UpdateError("An answer refers to what neither side has");
      this.#asked = this.#askedAgain = 0;
      for (const id of this.#marks.splice(0)) this.#mark(id);
    } else if (applied !== "applied" && this.#askingAgain === undefined) {
      // It is built upon edits that come another way, from another tab for example. The answer will bring all of it.
      if (++this.#asked > MAX_ASKED) throw new UpdateError("Updates refer to what nobody has");
      this.#ask();
    }
  }

  #askAgain(): void {
    if (this.#askingAgain !== undefined) return;
    if (++this.#askedAgain > MAX_ASKED_AGAIN) {
      return void this.connection.close(CLOSE.busy, "What others have written isn't here yet");
    }
    this.#asked = Math.max(this.#asked, 1);
    this.#desk.askWhoIsThere();
    this.#askingAgain = setTimeout(async () => {
      await this.#desk.catchUp();
      this.#askingAgain = undefined;
      if (this.#askedAgain !== Infinity) this.#ask();
    }, ASK_AGAIN_MS);
  }

  #ask(): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, MESSAGE.sync);
    sync.writeSyncStep1(encoder, this.#desk.doc);
    this.connection.send(encoding.toUint8Array(encoder));
  }

  /** Brings all that a client with this state doesn't have. */
  #answer(state: Uint8Array): void {
    if (this.#behind) return void (this.#behind = state);
    const { doc, presence } = this.#desk;
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, MESSAGE.sync);
    read(() => sync.writeSyncStep2(encoder, doc, state));
    const frame = encoding.toUint8Array(encoder);
    if (!this.#isIn) this.#ask();
    this.#isIn = true;
    this.connection.send(frame);
    if (frame.length < LARGE_BYTES) return this.connection.send(presenceFrame(this.#desk, presence.clients));
    this.#behind = Y.encodeStateVector(doc);
    this.connection.drained().then(() => {
      const reached = this.#behind;
      this.#behind = undefined;
      if (reached) this.#answer(reached);
    }).catch(() => {});
  }
}

/** The frame that brings an update. */
export function updateFrame(update: Uint8Array): Uint8Array<ArrayBuffer> {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, MESSAGE.sync);
  sync.writeUpdate(encoder, update);
  return encoding.toUint8Array(encoder);
}

/** The frame that says how it is with these clients. */
export function presenceFrame(
  { presence }: Pick<ParticipantHost, "presence">,
  clients: Iterable<number>,
): Uint8Array<ArrayBuffer> {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, MESSAGE.awareness);
  encoding.writeVarUint8Array(encoder, presence.encode(clients));
  return encoding.toUint8Array(encoder);
}

/** Throws {@link UpdateError} where bytes end too soon or mean nothing. */
function read<T>(act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw new UpdateError("A message can't be decoded", { cause });
  }
}
