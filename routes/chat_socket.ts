/** `/ws/chat/:room/`: the socket of a room. It owns what is the socket's affair; what frames mean is the room's. */
import { type Context, Hono } from "hono";
import { RateLimiter } from "limiter";
import type { Accounts } from "../rooms/accounts/accounts.ts";
import type { Doors, Visit } from "../rooms/doors.ts";
import type { History } from "../rooms/history.ts";
import type { Lobby } from "../rooms/lobby.ts";
import type { Connection, Member } from "../rooms/member.ts";
import {
  type ClientFrame,
  CLOSE,
  decodeFrame,
  encodeFrame,
  FrameError,
  MAX_FRAME_BYTES,
} from "../rooms/protocol.ts";
import type { Room } from "../rooms/room.ts";
import { type HeldRules, mayEnter, maySpeak, type RuleBook } from "../rooms/rules.ts";
import { ANONYMOUS, hasAccount, personOf, type User } from "../rooms/user.ts";
import type { Bindings, Caller, Callers, Refusal } from "./callers.ts";
import { HttpError } from "./errors.ts";
import { Limits } from "./limits.ts";
import { errorFields, type Log } from "./log.ts";
import { roomNameIn } from "./room_name.ts";

export interface ChatSocketOptions {
  readonly lobby: Lobby;
  readonly callers: Callers;
  readonly accounts: Accounts;
  readonly rules: RuleBook;
  readonly doors: Doors;
  readonly history: History;
  readonly log: Log;
  readonly isStopping: () => boolean;
  /** Per account or guest's browser, else per connection; 0 = off. */
  readonly rateMessagesPerMinute: number;
  /** 0 = off. */
  readonly maxConnectionsPerIp: number;
  /** Per account or guest's browser; 0 = off. */
  readonly maxConnectionsPerUser: number;
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
/** Frames that may wait until it is known whether the name in one of them is free. */
const MAX_HELD_FRAMES = 10_000;
/** A peer that answers no ping for this long is gone. */
const IDLE_SECONDS = 30;

export function chatSocket(options: ChatSocketOptions): Hono<{ Bindings: Bindings }> {
  const { callers, rules, doors, history } = options;
  const connections = new Map<string, number>();
  const limits = new Limits(options.rateMessagesPerMinute);

  async function open(c: Context<{ Bindings: Bindings }>): Promise<Response> {
    const name = roomNameIn(c.req.param("room"));
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
      throw new HttpError(
        426,
        "upgrade_required",
        "This address is for WebSockets; open the room's page instead",
      );
    }
    if (!callers.isAllowedOrigin(c)) {
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
    const address = callers.address(c);
    const batch = c.req.query("batch") === "1";
    const since = doors.changes;
    const caller = await callers.caller(c);
    const held = await rules.hold(name);
    let isIn = false;
    try {
      if (typeof caller === "object") await claim(name, held, caller.user);
      // From here on nothing is awaited: what is counted and allowed now is so when the socket is counted.
      if (options.isStopping()) {
        throw new HttpError(503, "restarting", "The service is restarting; come back in a second");
      }
      const { socket, response } = upgraded(c.req.raw);
      const count = connections.get(address) ?? 0;
      const refusal = refusalOf(caller, held, count);
      if (refusal || typeof caller !== "object") {
        socket.onopen = () => closeFor(refusal, socket, batch);
        return response;
      }
      isIn = true;
      connections.set(address, count + 1);
      const closed = (): void => {
        rules.release(name);
        const left = (connections.get(address) ?? 1) - 1;
        if (left) connections.set(address, left);
        else connections.delete(address);
      };
      const limiter = options.rateMessagesPerMinute ? limits.of(personOf(caller.user)) : undefined;
      new ChatSocket(socket, caller, { ...options, room: name, rules: held, limiter, batch, since })
        .serve(() => options.lobby.room(name), after, closed);
      return response;
    } finally {
      if (!isIn) rules.release(name);
    }
  }

  /** Whoever enters an empty room first, and has an account, is its creator. */
  async function claim(name: string, held: HeldRules, user: User): Promise<void> {
    if (!hasAccount(user) || held.current.creator) return;
    const { lines } = await history.before(name, undefined, 1);
    if (!lines.length) await rules.claim(name, user);
  }

  function refusalOf(
    caller: Caller | Refusal,
    held: HeldRules,
    fromAddress: number,
  ): { code: number; reason: string } | undefined {
    if (typeof caller !== "object") return REFUSALS[caller];
    const { maxConnectionsPerIp, maxConnectionsPerUser } = options;
    if (!mayEnter(held.current, caller.user)) {
      return { code: CLOSE.notAllowed, reason: "This room is private" };
    }
    if (maxConnectionsPerIp && fromAddress >= maxConnectionsPerIp) {
      return { code: CLOSE.tooMany, reason: "Too many connections from this address" };
    }
    if (maxConnectionsPerUser && doors.count(caller.user) >= maxConnectionsPerUser) {
      return { code: CLOSE.tooMany, reason: "Too many connections of this user" };
    }
  }

  return new Hono<{ Bindings: Bindings }>().get("/ws/chat/:room/", open).get("/ws/chat/:room", open);
}

const NAME_TAKEN = "This name belongs to an account: sign in, or choose another one";

const REFUSALS: Readonly<Record<Refusal, { code: number; reason: string }>> = {
  invalid_pass: { code: CLOSE.notSignedIn, reason: "The token is not valid" },
  guests_not_allowed: { code: CLOSE.notSignedIn, reason: "Sign in first" },
  name_taken: { code: CLOSE.notAllowed, reason: NAME_TAKEN },
};

/**
 * Closes a socket, and tells why in a last frame too where that is understood: Deno 2.5 answers even the answer to its
 * own close, and Chromium, which takes that for a fault, then reports 1006 and no reason.
 */
function closeFor(
  why: { code: number; reason: string } | undefined,
  socket: WebSocket,
  takesBatches: boolean,
): void {
  if (why && takesBatches && socket.readyState === WebSocket.OPEN) {
    socket.send(encodeFrame({ type: "closing", ...why }));
  }
  socket.close(why?.code, why?.reason);
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

interface SocketOptions {
  readonly room: string;
  readonly rules: HeldRules;
  readonly batch: boolean;
  /** How many changes the doors had heeded before the caller was looked up. */
  readonly since: number;
  /** Of messages; `undefined` = off. */
  readonly limiter: RateLimiter | undefined;
  readonly rateMessagesPerMinute: number;
  readonly accounts: Accounts;
  readonly doors: Doors;
  readonly log: Log;
}

/** One socket, from its opening to its end. */
class ChatSocket implements Connection {
  readonly user: User;
  readonly takesBatches: boolean;
  readonly #socket: WebSocket;
  readonly #options: SocketOptions;
  readonly #visit: Visit;
  /** Since somebody wants it closed; resolved when it is. */
  #closing: PromiseWithResolvers<void> | undefined;
  #left: () => void = ignore;
  #frames: RateLimiter | undefined;
  /** The name that a guest stated in a message, and that is free. */
  #freeName: string | undefined;
  /** Frames that wait until it is known whether a name is. */
  #held: ClientFrame[] | undefined;

  constructor(socket: WebSocket, caller: Caller, options: SocketOptions) {
    this.#socket = socket;
    this.user = caller.user;
    this.takesBatches = options.batch;
    this.#options = options;
    this.#visit = {
      room: options.room,
      rules: options.rules,
      owner: caller.pass?.owner ?? caller.user.id,
      user: caller.user,
      endsAt: caller.endsAt,
      renew: () => caller.renew(),
      close: (code, reason) => void this.close(code, reason),
    };
  }

  /** Brings the socket into a room as soon as it is open, and out again when it closes. */
  serve(openRoom: () => Room, after: string | undefined, closed: () => void): void {
    const socket = this.#socket;
    socket.binaryType = "arraybuffer";
    this.#options.doors.enter(this.#visit, this.#options.since);
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
      this.#options.doors.leave(this.#visit);
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
      setTimeout(() => closeFor({ code, reason }, this.#socket, this.takesBatches), 0);
    }
    return this.#closing.promise;
  }

  #receive(room: Room, member: Member, data: unknown): void {
    if (this.#closing) return;
    this.#guard(room, member, () => {
      if (this.#refusesSize(data)) return;
      const frame = this.#options.limiter ? this.#limited(data, this.#options.limiter) : decodeFrame(data);
      if (frame) this.#take(room, member, frame);
    });
  }

  /** What goes wrong with a frame, its sender is told. */
  #guard(room: Room, member: Member, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (error instanceof FrameError) return member.refuse(error);
      this.#options.log.error("frame_failed", { room: room.name, ...errorFields(error) });
      member.failed(undefined);
    }
  }

  #take(room: Room, member: Member, frame: ClientFrame): void {
    if (this.#held) {
      if (this.#held.push(frame) > MAX_HELD_FRAMES) this.close(CLOSE.tooMany, "Too many frames at once");
    } else if (frame.type === "chat_message" && this.#isUnknown(frame.username)) {
      this.#held = [];
      this.#introduce(room, member, frame);
    } else {
      this.#act(room, member, frame);
    }
  }

  #act(room: Room, member: Member, frame: ClientFrame): void {
    if (frame.type === "chat_message" && !maySpeak(this.#visit.rules.current, this.#visit.user)) {
      throw new FrameError("read_only", "This room is read-only", { clientId: frame.client_id });
    }
    room.receive(member, frame);
  }

  /** Whether a name would be taken from a message that may be an account's. */
  #isUnknown(name: string | undefined): name is string {
    const { user } = this;
    return name !== undefined && user.isGuest && user.name === ANONYMOUS && name !== this.#freeName;
  }

  /** Acts upon a message whose guest states a name, if no account owns it; what comes meanwhile waits. */
  async #introduce(room: Room, member: Member, frame: ClientFrame & { type: "chat_message" }): Promise<void> {
    const { username = "", client_id: clientId } = frame;
    const { accounts, doors } = this.#options;
    let isTaken = false;
    let failure: unknown;
    try {
      let since: number;
      do {
        since = doors.changes;
        isTaken = await accounts.owns(username);
        // An account may have been made meanwhile, and told of before this visit has the name.
      } while (since !== doors.changes);
    } catch (error) {
      failure = error;
    }
    const held = this.#held ?? [];
    this.#held = undefined;
    if (this.#closing) return;
    this.#guard(room, member, () => {
      if (failure) throw failure;
      if (isTaken) throw new FrameError("name_taken", NAME_TAKEN, { clientId });
      this.#freeName = username;
      this.#act(room, member, frame);
      this.#visit.user = member.user;
    });
    for (const next of held) this.#guard(room, member, () => this.#take(room, member, next));
  }

  #refusesSize(data: unknown): boolean {
    const isRefused = isTooLarge(data);
    if (isRefused) this.close(CLOSE.frameTooLarge, `A frame has at most ${MAX_FRAME_BYTES} bytes`);
    return isRefused;
  }

  /** Decodes a frame while the connection is within its limits; `undefined` when it was closed for exceeding them. */
  #limited(data: unknown, messages: RateLimiter): ClientFrame | undefined {
    const perMinute = this.#options.rateMessagesPerMinute;
    this.#frames ??= new RateLimiter({
      tokensPerInterval: perMinute * FRAMES_PER_MESSAGE,
      interval: "minute",
    });
    if (!this.#frames.tryRemoveTokens(1)) return void this.close(CLOSE.tooMany, "Too many messages");
    const frame = decodeFrame(data);
    if (frame.type !== "chat_message") return frame;
    if (messages.tryRemoveTokens(1)) return frame;
    const retryAfterMs = messages.getWaitTime(1);
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
