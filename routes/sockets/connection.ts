/** A wire: what every socket does, whoever is at its other end and whatever is said. */
import { CLOSE, encodeFrame } from "../../rooms/protocol.ts";
import type { Frame, Socket, SocketListener } from "./socket.ts";

/** Why a socket is closed. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** Whoever speaks through a wire. */
export interface ConnectionOwner {
  /** It is open; frames are kept until {@link SocketConnection.listen}. */
  opened(): void;
  /** Takes a frame. */
  receive(frame: Frame): void;
  /** Called once: nothing more comes or goes, though the socket of a peer that doesn't read may never close. */
  ended(): void;
  /** Called once: the socket is closed. */
  closed(): void;
}

/** A reader with more than this unsent is cut off: its backlog must not be kept. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
/** So often it is looked how much that is: asking at each frame cost a room of 500 three percent. */
const LOOK_EVERY_LENGTH = 32 * 1024;
/** While a reader catches up, more is sent only when less than this is unsent. */
const DRAINED_BYTES = 128 * 1024;
const DRAIN_POLL_MS = 10;
const DRAIN_PATIENCE_MS = 30_000;
/** A socket is closed when nothing has come for so long, or after so many times as long. */
const QUIET_MS = 10;
const MAX_QUIET_LOOKS = 10;
/** Frames that may come before anybody listens. */
const MAX_EARLY_FRAMES = 100;

/** The answer to a ping, in a frame of its own. */
export const PONG = encodeFrame({ type: "pong" });
/** No ping is longer, in characters. */
const MAX_PING_LENGTH = 64;

export class SocketConnection implements SocketListener {
  /** Whether several frames may go out as one JSON array, and `closing` as the last of them. */
  readonly takesBatches: boolean;
  readonly #socket: Socket;
  readonly #maxFrameBytes: number;
  #user: ConnectionOwner | undefined;
  #left = ignore;
  #isHeard = false;
  /** Characters or bytes that were sent since it was last looked how much is unsent. */
  #sinceLook = 0;
  #early: Frame[] | undefined;
  #isEnded = false;
  /** How many have come. */
  #frames = 0;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  /** Since somebody wants it closed; resolved when it is. */
  #closing: PromiseWithResolvers<void> | undefined;

  /** A larger frame than `maxFrameBytes` closes with 1009. */
  constructor(socket: Socket, options: { takesBatches: boolean; maxFrameBytes: number }) {
    this.takesBatches = options.takesBatches;
    this.#socket = socket;
    this.#maxFrameBytes = options.maxFrameBytes;
  }

  /** Begins, before the socket can have opened; `left` is called once it is closed. */
  serve(user: ConnectionOwner, left: () => void): void {
    this.#user = user;
    this.#left = left;
    this.#socket.listen(this);
  }

  /** From the socket. */
  opened(): void {
    this.#user?.opened();
  }

  /** From the socket. */
  received(frame: Frame): void {
    this.#frames++;
    if (this.#closing) return;
    if (isTooLarge(frame, this.#maxFrameBytes)) return this.exceeded();
    if (this.#isHeard) this.#user?.receive(frame);
    else this.#keep(frame);
  }

  /** From the socket. */
  exceeded(): void {
    void this.close(CLOSE.frameTooLarge, `A frame has at most ${this.#maxFrameBytes} bytes`);
  }

  /** From the socket. */
  closed(): void {
    clearTimeout(this.#quiet);
    this.#end();
    this.#closing?.resolve();
    this.#left();
    this.#user?.closed();
  }

  get isOpen(): boolean {
    return !this.#closing && this.#socket.isOpen;
  }

  /** Hands over the frames that came so far, and each that comes, until the end. */
  listen(): void {
    this.#isHeard = true;
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const frame of early) if (!this.#closing) this.#user?.receive(frame);
  }

  send(frame: string | Uint8Array<ArrayBuffer>): void {
    const socket = this.#socket;
    if (this.#closing || !socket.isOpen) return;
    this.#sinceLook += frame.length;
    if (this.#sinceLook > LOOK_EVERY_LENGTH) {
      this.#sinceLook = 0;
      if (socket.unsentBytes > MAX_BUFFERED_BYTES) {
        return void this.close(CLOSE.readerTooSlow, "Reader too slow");
      }
    }
    socket.send(frame);
  }

  /** Resolves when what was sent is on its way, or the socket is closed. */
  async drained(): Promise<void> {
    const end = performance.now() + DRAIN_PATIENCE_MS;
    while (this.isOpen) {
      if (this.#socket.unsentBytes <= DRAINED_BYTES) return;
      if (performance.now() > end) void this.close(CLOSE.readerTooSlow, "Reader too slow");
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
  }

  /** Closes the socket, and resolves when it is closed. */
  close(code: number, reason: string): Promise<void> {
    if (!this.#closing) {
      this.#closing = Promise.withResolvers();
      this.#early = undefined;
      this.#end();
      this.#closeWhenQuiet({ code, reason }, MAX_QUIET_LOOKS);
    }
    return this.#closing.promise;
  }

  /**
   * Frames that are on their way are read (and ignored) first: Deno drops the connection, and the client never learns
   * the code, when one comes after `close`.
   */
  #closeWhenQuiet(why: Closing, looks: number): void {
    const frames = this.#frames;
    this.#quiet = setTimeout(() => {
      const isQuiet = this.#frames === frames;
      if (isQuiet || looks === 0) closeFor(why, this.#socket, this.takesBatches);
      else this.#closeWhenQuiet(why, looks - 1);
    }, QUIET_MS);
  }

  #keep(frame: Frame): void {
    if ((this.#early ??= []).push(frame) > MAX_EARLY_FRAMES) {
      void this.close(CLOSE.tooMany, "Too many frames before being let in");
    }
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#user?.ended();
  }
}

/**
 * Closes a socket, and tells why in a last frame too where that is understood: Deno 2.5 answers even the answer to its
 * own close, and Chromium, which takes that for a fault, then reports 1006 and no reason.
 */
function closeFor(why: Closing, socket: Socket, takesBatches: boolean): void {
  if (takesBatches && socket.isOpen) {
    socket.send(encodeFrame({ type: "closing", ...why }));
  }
  socket.close(why.code, why.reason);
}

/** Whether a frame is `{"type":"ping"}`, however it is spaced. Frames of any other size or kind aren't parsed. */
export function isPing(frame: Frame): boolean {
  if (typeof frame !== "string" || frame.length > MAX_PING_LENGTH || !frame.includes(`"ping"`)) return false;
  try {
    return JSON.parse(frame)?.type === "ping";
  } catch {
    return false;
  }
}

/** Whether a frame has more bytes than that. */
export function isTooLarge(frame: Frame, maxBytes: number): boolean {
  if (typeof frame !== "string") return frame.byteLength > maxBytes;
  // A character takes at most three bytes.
  return frame.length * 3 > maxBytes && encoder.encode(frame).length > maxBytes;
}

function ignore(): void {}

const encoder = new TextEncoder();
