/** A client that speaks in plain text frames: it edits by positions, and is told of others' edits by positions. */
import * as Y from "yjs";
import { type Connection, FullError, type Participant, type ParticipantHost } from "./participant.ts";
import type { Change } from "./awareness.ts";
import { decodePlain, type Edit, encodePlain, PlainError, type ServerFrame } from "./plain_frames.ts";

/** An edit of others that was sent so lately may cross one of the client's on its way. */
const CROSSING_MS = 5_000;
/** When it is likely that nothing is on its way, the client gets the text anew, so that it has what all have. */
const CALM_MS = 400;
/** Larger texts are given time to arrive before more is sent. */
const LARGE_LENGTH = 256 * 1024;

export class PlainParticipant implements Participant {
  readonly connection: Connection;
  readonly #desk: ParticipantHost;
  /** Under this id it edits, and is present. */
  readonly #client = Math.floor(Math.random() * 2 ** 32);
  #toldAt = -Infinity;
  #calm: ReturnType<typeof setTimeout> | undefined;
  #isBehind = false;
  #hasLeft = false;

  constructor(connection: Connection, desk: ParticipantHost) {
    this.connection = connection;
    this.#desk = desk;
  }

  /** Brings the text, and shows who came. */
  begin(): void {
    this.#tellAll();
    this.#desk.point(this.#client, {}, this);
  }

  leave(): void {
    this.#hasLeft = true;
    clearTimeout(this.#calm);
  }

  /** Says that it is still there. */
  renew(): Change[] {
    return this.#desk.presence.renew(this.#client);
  }

  receive(data: string | ArrayBuffer): void {
    let clientId: string | undefined;
    try {
      if (typeof data !== "string") {
        throw new PlainError("invalid_frame", "This connection speaks in text frames");
      }
      const frame = decodePlain(data);
      if (frame.type === "cursor_move") return this.#point(frame.position);
      clientId = frame.client_id;
      if (frame.type === "edit") this.#edit(frame);
      if (clientId === undefined) return;
      const saved = encodePlain({ type: "saved", client_id: clientId });
      this.#desk.whenSaved(this, () => this.connection.send(saved));
    } catch (error) {
      const isFull = error instanceof FullError;
      if (!isFull && !(error instanceof PlainError)) throw error;
      const code = isFull ? "full" : error.code;
      this.connection.send(encodePlain({ type: "error", error: error.message, code, client_id: clientId }));
      this.#mayDiffer();
    }
  }

  /** Brings a frame, unless the text is on its way and will have it. */
  tell(frame: ServerFrame): void {
    if (this.#isBehind) return;
    if (frame.type === "edit") this.#toldAt = performance.now();
    this.connection.send(encodePlain(frame));
  }

  #edit({ action, position, text }: Edit): void {
    const { text: content } = this.#desk;
    const end = action === "insert" ? position : position + text.length;
    if (end > content.length) throw outside(end, content.length);
    const whole = content.toString();
    if (action === "delete" && !whole.startsWith(text, position)) {
      throw new PlainError("invalid_position", "Another text stands there");
    }
    if (splitsCharacter(whole, position) || splitsCharacter(whole, end)) {
      throw new PlainError("invalid_position", "The position is in the middle of a character");
    }
    const brings = action === "insert" ? text.length : 0;
    this.#desk.edit(
      () => brings ? content.insert(position, text) : content.delete(position, text.length),
      { participant: this, client: this.#client, brings },
    );
    this.#mayDiffer();
  }

  #point(position: number): void {
    const { text } = this.#desk;
    if (position > text.length) throw outside(position, text.length);
    const place = Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, position));
    this.#desk.point(this.#client, { cursor: { anchor: place, head: place } }, this);
  }

  /** What was sent lately may have arrived after the client sent this: then its text is another now. */
  #mayDiffer(): void {
    if (performance.now() - this.#toldAt > CROSSING_MS || this.#hasLeft) return;
    clearTimeout(this.#calm);
    this.#calm = setTimeout(() => this.#tellAll(), CALM_MS);
  }

  #tellAll(): void {
    if (this.#hasLeft) return;
    const content = this.#desk.text.toString();
    this.connection.send(encodePlain({ type: "document_content", content }));
    if (content.length < LARGE_LENGTH) return;
    this.#isBehind = true;
    this.connection.drained().then(() => {
      this.#isBehind = false;
      if (content !== this.#desk.text.toString()) this.#tellAll();
    }).catch(() => {});
  }
}

function outside(position: number, length: number): PlainError {
  return new PlainError(
    "invalid_position",
    `Position ${position} is outside of the text, which has ${length}`,
  );
}

/** Whether a place is between the two halves of one character. */
function splitsCharacter(text: string, position: number): boolean {
  const code = text.codePointAt(position - 1) ?? 0;
  return position > 0 && position < text.length && code > 0xffff;
}
