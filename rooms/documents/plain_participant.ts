/** A client that speaks plain-text frames: it sends edits by position, and receives others' edits by position. */
import * as Y from "yjs";
import type { Connection, Participant, ParticipantHost } from "./participant.ts";
import type { Change } from "./yjs/awareness.ts";
import { decodePlain, type Edit, encodePlain, PlainError, type ServerFrame } from "./plain_frames.ts";
import { FullError } from "./yjs/size_limit.ts";

/** An edit that was sent to the client within this time may not have arrived when the client sent its own. */
const CROSSING_MS = 5_000;
/** After such a crossing, the client gets the whole text again once it has been quiet for this time. */
const QUIET_MS = 400;
/** After a text of this length, in UTF-16 code units, nothing is sent until it is on its way. */
const LARGE_LENGTH = 256 * 1024;

/** A plain-text client. */
export class PlainParticipant implements Participant {
  readonly connection: Connection;
  readonly #host: ParticipantHost;
  /** The Yjs client id of its edits and its awareness state. */
  readonly #client = Math.floor(Math.random() * 2 ** 32);
  #editSentAt = -Infinity;
  #quietTimer: ReturnType<typeof setTimeout> | undefined;
  #isBehind = false;
  #hasLeft = false;

  constructor(connection: Connection, host: ParticipantHost) {
    this.connection = connection;
    this.#host = host;
  }

  /** Sends the text to the client, and its arrival to the others. */
  begin(): void {
    this.#sendText();
    this.#host.setAwareness(this.#client, {}, this);
  }

  leave(): void {
    this.#hasLeft = true;
    clearTimeout(this.#quietTimer);
  }

  /** Renews the awareness state that the server keeps for this client. */
  renewAwareness(): Change[] {
    return this.#host.awareness.renew(this.#client);
  }

  receive(data: string | ArrayBuffer): void {
    let clientId: string | undefined;
    try {
      if (typeof data !== "string") {
        throw new PlainError("invalid_frame", "This connection speaks in text frames");
      }
      const frame = decodePlain(data);
      if (frame.type === "cursor_move") return this.#moveCursor(frame.position);
      clientId = frame.client_id;
      if (frame.type === "edit") this.#edit(frame);
      if (clientId === undefined) return;
      const saved = encodePlain({ type: "saved", client_id: clientId });
      this.#host.whenSaved(this, () => this.connection.send(saved));
    } catch (error) {
      const isFull = error instanceof FullError;
      if (!isFull && !(error instanceof PlainError)) throw error;
      const code = isFull ? "full" : error.code;
      this.connection.send(encodePlain({ type: "error", error: error.message, code, client_id: clientId }));
      this.#resyncIfCrossed();
    }
  }

  /** Sends a frame, unless a whole text is on its way, after which another one will follow. */
  send(frame: ServerFrame): void {
    if (this.#isBehind) return;
    if (frame.type === "edit") this.#editSentAt = performance.now();
    this.connection.send(encodePlain(frame));
  }

  #edit({ action, position, text }: Edit): void {
    const { text: content } = this.#host;
    const end = action === "insert" ? position : position + text.length;
    if (end > content.length) throw outside(end, content.length);
    const whole = content.toString();
    if (action === "delete" && !whole.startsWith(text, position)) {
      throw new PlainError("invalid_position", "Another text stands there");
    }
    if (splitsCharacter(whole, position) || splitsCharacter(whole, end)) {
      throw new PlainError("invalid_position", "The position is in the middle of a character");
    }
    const inserts = action === "insert" ? text.length : 0;
    this.#host.edit(
      () => inserts ? content.insert(position, text) : content.delete(position, text.length),
      { participant: this, client: this.#client, inserts },
    );
    this.#resyncIfCrossed();
  }

  #moveCursor(position: number): void {
    const { text } = this.#host;
    if (position > text.length) throw outside(position, text.length);
    const cursor = Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, position));
    this.#host.setAwareness(this.#client, { cursor: { anchor: cursor, head: cursor } }, this);
  }

  /** Sends the text again if an edit crossed one of the client's: then the client's text differs. */
  #resyncIfCrossed(): void {
    if (performance.now() - this.#editSentAt > CROSSING_MS || this.#hasLeft) return;
    clearTimeout(this.#quietTimer);
    this.#quietTimer = setTimeout(() => this.#sendText(), QUIET_MS);
  }

  #sendText(): void {
    if (this.#hasLeft) return;
    const content = this.#host.text.toString();
    this.connection.send(encodePlain({ type: "document_content", content }));
    if (content.length < LARGE_LENGTH) return;
    this.#isBehind = true;
    this.connection.drained().then(() => {
      this.#isBehind = false;
      if (content !== this.#host.text.toString()) this.#sendText();
    }).catch(() => {});
  }
}

function outside(position: number, length: number): PlainError {
  return new PlainError(
    "invalid_position",
    `Position ${position} is outside of the text, which has ${length}`,
  );
}

/** Whether a position is between the two halves of a surrogate pair. */
function splitsCharacter(text: string, position: number): boolean {
  const code = text.codePointAt(position - 1) ?? 0;
  return position > 0 && position < text.length && code > 0xffff;
}
