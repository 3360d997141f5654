/** One socket connection: size limits, slow readers, and an orderly close. What frames mean is its owner's concern. */
import { wait } from "../../rooms/clock.ts";
import { CLOSE, encodeFrame } from "../../rooms/protocol.ts";
import { BinarySocket } from "./binary_socket.ts";
import type { Frame, Socket, SocketListener } from "./socket.ts";

/** Why a socket is closed. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** How a client wants the service's frames. */
export interface FrameFormat {
  /** Whether it takes several frames as one JSON array, and `closing` as the last frame. */
  readonly takesBatches: boolean;
  /** Whether it takes JSON as UTF-8 in binary frames. */
  readonly takesBinary: boolean;
}

/** Receives what happens to a connection. */
export interface ConnectionOwner {
  /** The socket is open; frames are kept until {@link SocketConnection.listen}. */
  opened(): void;
  /** A frame has come. */
  receive(frame: Frame): void;
  /** Called once: nothing more is received or sent, though the socket of a peer that doesn't read may never close. */
  ended(): void;
  /** Called once: the socket is closed. */
  closed(): void;
}

/** A reader with more unsent bytes than this is disconnected: its backlog must not fill the memory. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
/** Check the unsent bytes after every 32 KiB sent: checking each frame cost 3 % in a room of 500. */
const CHECK_EVERY_LENGTH = 32 * 1024;
/** A reader counts as having caught up when less than this is unsent. */
const DRAINED_BYTES = 128 * 1024;
const DRAIN_POLL_MS = 10;
/** A reader that hasn't caught up by then is disconnected. */
const DRAIN_PATIENCE_MS = 30_000;
/** A socket is closed when nothing has come for this long, or after at most `MAX_QUIET_POLLS` times as long. */
const QUIET_MS = 10;
const MAX_QUIET_POLLS = 10;
/** Frames that may come before {@link SocketConnection.listen}. */
const MAX_EARLY_FRAMES = 100;

/** The answer to a ping, in a frame of its own. */
export const PONG = encodeFrame({ type: "pong" });
/** A ping has at most this many characters. */
const MAX_PING_LENGTH = 64;

/** A socket with limits. It calls its {@link ConnectionOwner} from the opening to the end. */
export class SocketConnection implements SocketListener {
  /** Whether the client takes several frames as one JSON array, and `closing` as the last frame. */
  readonly takesBatches: boolean;
  readonly #socket: Socket;
  readonly #maxFrameBytes: number;
  #owner: ConnectionOwner | undefined;
  #onClosed = ignore;
  #isListening = false;
  /** Characters or bytes that were sent since the last check of unsent bytes. */
  #sinceCheck = 0;
  #early: Frame[] | undefined;
  #isEnded = false;
  /** Frames received so far. */
  #frames = 0;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  /** Set when it is to be closed; resolves when it is closed. */
  #closing: PromiseWithResolvers<void> | undefined;

  /** A larger frame than `maxFrameBytes` closes with 1009. */
  constructor(socket: Socket, { takesBatches, takesBinary }: FrameFormat, maxFrameBytes: number) {
    this.takesBatches = takesBatches;
    this.#socket = takesBinary ? new BinarySocket(socket) : socket;
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Attaches the owner; call it before the socket can have opened. `onClosed` is called once, when it is closed. */
  serve(owner: ConnectionOwner, onClosed: () => void): void {
    this.#owner = owner;
    this.#onClosed = onClosed;
    this.#socket.listen(this);
  }

  /** From the socket. */
  opened(): void {
    this.#owner?.opened();
  }

  /** From the socket. */
  received(frame: Frame): void {
    this.#frames++;
    if (this.#closing) return;
    if (isTooLarge(frame, this.#maxFrameBytes)) return this.exceeded();
    if (this.#isListening) this.#owner?.receive(frame);
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
    this.#onClosed();
    this.#owner?.closed();
  }

  /** Whether frames can be sent. */
  get isOpen(): boolean {
    return !this.#closing && this.#socket.isOpen;
  }

  /** Passes the frames that came so far, and each later one, to the owner. */
  listen(): void {
    this.#isListening = true;
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const frame of early) if (!this.#closing) this.#owner?.receive(frame);
  }

  /** Sends a frame, or closes the connection when its reader is too slow. */
  send(frame: string | Uint8Array<ArrayBuffer>): void {
    const socket = this.#socket;
    if (this.#closing || !socket.isOpen) return;
    this.#sinceCheck += frame.length;
    if (this.#sinceCheck > CHECK_EVERY_LENGTH) {
      this.#sinceCheck = 0;
      if (socket.unsentBytes > MAX_BUFFERED_BYTES) {
        return void this.close(CLOSE.readerTooSlow, "Reader too slow");
      }
    }
    socket.send(frame);
  }

  /** Resolves when the reader has caught up, or the socket is closed. */
  async drained(): Promise<void> {
    const end = performance.now() + DRAIN_PATIENCE_MS;
    while (this.isOpen) {
      if (this.#socket.unsentBytes <= DRAINED_BYTES) return;
      if (performance.now() > end) void this.close(CLOSE.readerTooSlow, "Reader too slow");
      await wait(DRAIN_POLL_MS);
    }
  }

  /** Closes the socket, and resolves when it is closed. */
  close(code: number, reason: string): Promise<void> {
    if (!this.#closing) {
      this.#closing = Promise.withResolvers();
      this.#early = undefined;
      this.#end();
      this.#closeWhenQuiet({ code, reason }, MAX_QUIET_POLLS);
    }
    return this.#closing.promise;
  }

  /**
   * Reads and ignores the frames that are under way first: when one comes after `close`, Deno drops the connection, and
   * the client never learns the code.
   */
  #closeWhenQuiet(why: Closing, polls: number): void {
    const frames = this.#frames;
    this.#quiet = setTimeout(() => {
      const isQuiet = this.#frames === frames;
      if (isQuiet || polls === 0) this.#closeFor(why);
      else this.#closeWhenQuiet(why, polls - 1);
    }, QUIET_MS);
  }

  #keep(frame: Frame): void {
    if ((this.#early ??= []).push(frame) > MAX_EARLY_FRAMES) {
      void this.close(CLOSE.tooMany, "Too many frames before being let in");
    }
  }

  /**
   * Closes the socket, with the reason in a last frame for clients that know it: Deno 2.5 answers even the answer to its
   * own close, and Chromium, which treats that as an error, then reports 1006 and no reason.
   */
  #closeFor(why: Closing): void {
    const socket = this.#socket;
    if (this.takesBatches && socket.isOpen) socket.send(encodeFrame({ type: "closing", ...why }));
    socket.close(why.code, why.reason);
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#owner?.ended();
  }
}

/** Whether a frame is `{"type":"ping"}`, with any spaces. Frames that are too long for one aren't parsed. */
export function isPing(frame: Frame): boolean {
  if (typeof frame !== "string" || frame.length > MAX_PING_LENGTH || !frame.includes(`"ping"`)) return false;
  try {
    return JSON.parse(frame)?.type === "ping";
  } catch {
    return false;
  }
}

/** Whether a frame has more than `maxBytes` bytes; text is counted as UTF-8. */
export function isTooLarge(frame: Frame, maxBytes: number): boolean {
  if (typeof frame !== "string") return frame.byteLength > maxBytes;
  // A UTF-16 unit takes at most three bytes.
  return frame.length * 3 > maxBytes && encoder.encode(frame).length > maxBytes;
}

function ignore(): void {}

const encoder = new TextEncoder();
