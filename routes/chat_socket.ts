/** `/ws/chat/:room/`: the socket of a room. It owns what is the socket's affair; what frames mean is the room's. */
import { type Context, Hono } from "hono";
import { RateLimiter } from "limiter";
import type { Lobby } from "../rooms/lobby.ts";
import type { Connection, Member } from "../rooms/member.ts";
import { type ClientFrame, CLOSE, decodeFrame, FrameError, MAX_FRAME_BYTES } from "../rooms/protocol.ts";
import type { Room } from "../rooms/room.ts";
import type { User } from "../rooms/user.ts";
import type { Bindings, Callers } from "./callers.ts";
import { HttpError } from "./errors.ts";
import { errorFields, type Log } from "./log.ts";
import { roomNameIn } from "./room_name.ts";

export interface ChatSocketOptions {
  readonly lobby: Lobby;
  readonly callers: Callers;
  readonly log: Log;
  readonly isStopping: () => boolean;
  /** Per connection; 0 = off. */
  readonly rateMessagesPerMinute: number;
  /** 0 = off. */
  readonly maxConnectionsPerIp: number;
}

/** A reader with more than this unsent is cut off: the room must not keep its backlog. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
/** While a member catches up, more is sent only when less than this is unsent. */
const DRAINED_BYTES = 128 * 1024;
const DRAIN_POLL_MS = 10;
const DRAIN_PATIENCE_MS = 30_000;
/** A message's id is a ULID. */
const ID_LENGTH = 26;
/** Frames of any kind for each message that is allowed: typing, history, mistakes. */
const FRAMES_PER_MESSAGE = 10;
/** Frames that may come before the member is let in. */
const MAX_EARLY_FRAMES = 100;
/** A peer that answers no ping for this long is gone. */
const IDLE_SECONDS = 30;

export function chatSocket(options: ChatSocketOptions): Hono<{ Bindings: Bindings }> {
  const connections = new Map<string, number>();

  function open(c: Context<{ Bindings: Bindings }>): Response {
    const name = roomNameIn(c.req.param("room"));
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
      throw new HttpError(
        426,
        "upgrade_required",
        "This address is for WebSockets; open the room's page instead",
      );
    }
    if (!options.callers.isAllowedOrigin(c)) {
      throw new HttpError(
        403,
        "origin_not_allowed",
        "Pages of this origin may not open rooms: see ALLOWED_ORIGINS",
      );
    }
    const after = c.req.query("after");
    if (after !== undefined && after.length > ID_LENGTH) {
      throw new HttpError(400, "invalid_after", "?after= must be the id of a message");
    }
    if (options.isStopping()) {
      throw new HttpError(503, "restarting", "The service is restarting; come back in a second");
    }
    const user = options.callers.user(c);
    const address = options.callers.address(c);
    const { socket, response } = upgraded(c.req.raw);
    const count = connections.get(address) ?? 0;
    const refusal = !user
      ? { code: CLOSE.notSignedIn, reason: "The token is not valid" }
      : options.maxConnectionsPerIp && count >= options.maxConnectionsPerIp
      ? { code: CLOSE.tooMany, reason: "Too many connections from this address" }
      : undefined;
    if (refusal) {
      socket.onopen = () => socket.close(refusal.code, refusal.reason);
      return response;
    }
    connections.set(address, count + 1);
    const closed = (): void => {
      const left = (connections.get(address) ?? 1) - 1;
      if (left) connections.set(address, left);
      else connections.delete(address);
    };
    const batch = c.req.query("batch") === "1";
    new ChatSocket(socket, user as User, batch, options).serve(
      () => options.lobby.room(name),
      after,
      closed,
    );
    return response;
  }

  return new Hono<{ Bindings: Bindings }>().get("/ws/chat/:room/", open).get("/ws/chat/:room", open);
}

/** Throws {@link HttpError} for a request that isn't a proper upgrade. */
function upgraded(request: Request): Deno.WebSocketUpgrade {
  try {
    return Deno.upgradeWebSocket(request, { idleTimeout: IDLE_SECONDS });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new HttpError(400, "bad_upgrade", "This request isn't a WebSocket upgrade as RFC 6455 has it");
  }
}

/** One socket, from its opening to its end. */
class ChatSocket implements Connection {
  readonly user: User;
  readonly takesBatches: boolean;
  readonly #socket: WebSocket;
  readonly #options: ChatSocketOptions;
  /** Since somebody wants it closed; resolved when it is. */
  #closing: PromiseWithResolvers<void> | undefined;
  #left: () => void = ignore;
  #messages: RateLimiter | undefined;
  #frames: RateLimiter | undefined;

  constructor(socket: WebSocket, user: User, takesBatches: boolean, options: ChatSocketOptions) {
    this.#socket = socket;
    this.user = user;
    this.takesBatches = takesBatches;
    this.#options = options;
  }

  /** Brings the socket into a room as soon as it is open, and out again when it closes. */
  serve(openRoom: () => Room, after: string | undefined, closed: () => void): void {
    const socket = this.#socket;
    socket.binaryType = "arraybuffer";
    let early: unknown[] = [];
    socket.onmessage = ({ data }) => {
      if (this.#closing || this.#refusesSize(data)) early = [];
      else if (early.push(data) > MAX_EARLY_FRAMES) {
        this.close(CLOSE.tooMany, "Too many frames before being let in");
      }
    };
    socket.onclose = () => {
      this.#left();
      this.#closing?.resolve();
      closed();
    };
    socket.onerror = ignore;
    socket.onopen = async () => {
      const room = openRoom();
      try {
        const member = await room.join(this, after);
        this.#left = () => room.leave(member);
        if (this.#closing || socket.readyState !== WebSocket.OPEN) return this.#left();
        socket.onmessage = ({ data }) => this.#receive(room, member, data);
        for (const data of early) this.#receive(room, member, data);
        early = [];
      } catch (error) {
        this.#options.log.error("join_failed", { room: room.name, ...errorFields(error) });
        this.close(CLOSE.internal, "Internal server error");
      }
    };
  }

  send(frame: string): void {
    const socket = this.#socket;
    if (this.#closing || socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      return void this.close(CLOSE.readerTooSlow, "Reader too slow");
    }
    socket.send(frame);
  }

  async drained(): Promise<void> {
    const end = performance.now() + DRAIN_PATIENCE_MS;
    while (!this.#closing && this.#socket.readyState === WebSocket.OPEN) {
      if (this.#socket.bufferedAmount <= DRAINED_BYTES) return;
      if (performance.now() > end) this.close(CLOSE.readerTooSlow, "Reader too slow");
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
  }

  close(code: number, reason: string): Promise<void> {
    if (!this.#closing) {
      this.#closing = Promise.withResolvers();
      // The socket of a peer that doesn't read may never close: its user is gone all the same.
      this.#left();
      // Frames that have arrived by now are to be read (and ignored) first: Deno drops the connection, and the client
      // never learns the code, when it comes upon one after `close`.
      setTimeout(() => this.#socket.close(code, reason), 0);
    }
    return this.#closing.promise;
  }

  #receive(room: Room, member: Member, data: unknown): void {
    if (this.#closing) return;
    try {
      if (this.#refusesSize(data)) return;
      const frame = this.#options.rateMessagesPerMinute ? this.#limited(data) : decodeFrame(data);
      if (frame) room.receive(member, frame);
    } catch (error) {
      if (error instanceof FrameError) return member.refuse(error);
      this.#options.log.error("frame_failed", { room: room.name, ...errorFields(error) });
      member.failed(undefined);
    }
  }

  #refusesSize(data: unknown): boolean {
    const isRefused = isTooLarge(data);
    if (isRefused) this.close(CLOSE.frameTooLarge, `A frame has at most ${MAX_FRAME_BYTES} bytes`);
    return isRefused;
  }

  /** Decodes a frame while the connection is within its limits; `undefined` when it was closed for exceeding them. */
  #limited(data: unknown): ClientFrame | undefined {
    const perMinute = this.#options.rateMessagesPerMinute;
    this.#frames ??= new RateLimiter({
      tokensPerInterval: perMinute * FRAMES_PER_MESSAGE,
      interval: "minute",
    });
    if (!this.#frames.tryRemoveTokens(1)) return void this.close(CLOSE.tooMany, "Too many messages");
    const frame = decodeFrame(data);
    if (frame.type !== "chat_message") return frame;
    this.#messages ??= new RateLimiter({ tokensPerInterval: perMinute, interval: "minute" });
    if (this.#messages.tryRemoveTokens(1)) return frame;
    const retryAfterMs = this.#messages.getWaitTime(1);
    throw new FrameError("rate_limited", "Rate limit exceeded", { clientId: frame.client_id, retryAfterMs });
  }
}

function isTooLarge(data: unknown): boolean {
  if (data instanceof ArrayBuffer) return data.byteLength > MAX_FRAME_BYTES;
  // A character takes at most three bytes.
  return typeof data === "string" && data.length * 3 > MAX_FRAME_BYTES &&
    encoder.encode(data).length > MAX_FRAME_BYTES;
}

function ignore(): void {}

const encoder = new TextEncoder();
