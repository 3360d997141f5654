/** `/ws/chat/:room/`: the socket of a room. It owns what is the socket's affair; what frames mean is the room's. */
import { type Context, Hono } from "hono";
import { RateLimiter, type TokenBucket } from "limiter";
import type { Accounts } from "../../rooms/access/accounts.ts";
import type { LiveConnections } from "../../rooms/access/live_connections.ts";
import type { Counters } from "../../rooms/counters.ts";
import type { History } from "../../rooms/messages/history.ts";
import type { Rooms } from "../../rooms/rooms.ts";
import type { Connection, Member } from "../../rooms/member.ts";
import { NameHeldError } from "../../rooms/presence/name_claims.ts";
import {
  type ClientFrame,
  CLOSE,
  decodeFrame,
  encodeFrame,
  FrameError,
  MAX_FRAME_BYTES,
  type Ping,
} from "../../rooms/protocol.ts";
import type { Room } from "../../rooms/room.ts";
import type { RoomNames } from "../../rooms/access/room_names.ts";
import {
  type CachedPermissions,
  mayEnter,
  maySpeak,
  type PermissionStore,
  roomFrame,
  whyNot,
} from "../../rooms/access/room_permissions.ts";
import { ANONYMOUS, hasAccount, personOf, type User } from "../../rooms/user.ts";
import type { Bindings } from "../authentication.ts";
import { HttpError } from "../errors.ts";
import { Budgets, RateLimits } from "../rate_limits.ts";
import { errorFields, type Logger } from "../logger.ts";
import { roomNameIn } from "../path_params.ts";
import { introduced, type Introduction } from "./introduction.ts";
import { type AdmittedSocket, NAME_HELD, type SocketUpgrade } from "./upgrade.ts";
import type { Frame } from "./socket.ts";
import { type ConnectionOwner, PONG } from "./connection.ts";

export interface ChatSocketOptions {
  readonly gate: SocketUpgrade;
  readonly lobby: Rooms;
  readonly accounts: Accounts;
  readonly rules: PermissionStore;
  readonly roomNames: RoomNames;
  readonly liveConnections: LiveConnections;
  readonly history: History;
  readonly counters: Counters;
  readonly log: Logger;
  /** Per account or guest's browser, else per connection; 0 = off. */
  readonly rateMessagesPerMinute: number;
}

/** A message's id is a ULID. */
const ID_LENGTH = 26;
/** Frames of any kind for each message that is allowed: typing, history, mistakes. */
const FRAMES_PER_MESSAGE = 10;
/** One counts as more for each so many characters, because reading it takes so long; the largest as fewer than a message may. */
const SIZE_PER_FRAME = 8 * 1024;
/**
 * Guests of one address have a budget together: a new connection, or a new cookie, makes a new guest at no cost, but no
 * new address. A class of 40 behind one talks freely: this is what so many people may say who do nothing else.
 */
const PEOPLE_PER_ADDRESS = 20;
/** What so many may say at once. */
const PEOPLE_AT_ONCE = 4;
/** A long message takes as much of it as one for each so many characters. */
const LENGTH_PER_TOKEN = 500;
/** Frames that may wait until it is known whether the name in one of them is free. */
const MAX_HELD_FRAMES = 10_000;

export function chatSocket(options: ChatSocketOptions): Hono<{ Bindings: Bindings }> {
  const { gate, rules, history } = options;
  const { rateMessagesPerMinute: perMinute } = options;
  const limits = new RateLimits(perMinute);
  const budgets = new Budgets({
    burst: PEOPLE_AT_ONCE * perMinute,
    perMinute: PEOPLE_PER_ADDRESS * perMinute,
  });
  const frames = new Budgets({
    burst: FRAMES_PER_MESSAGE * PEOPLE_AT_ONCE * perMinute,
    perMinute: FRAMES_PER_MESSAGE * PEOPLE_PER_ADDRESS * perMinute,
  });

  function limiterOf({ user, address }: AdmittedSocket): Limiter | undefined {
    if (!perMinute) return undefined;
    const messages = limits.of(personOf(user));
    if (!user.isGuest) return { messages };
    return { messages, address: { messages: budgets.of(address), frames: frames.of(address) } };
  }

  async function open(c: Context<{ Bindings: Bindings }>): Promise<Response> {
    const named = roomNameIn(c.req.param("room"));
    const after = c.req.query("after");
    if (after !== undefined && after.length > ID_LENGTH) {
      throw new HttpError(400, "invalid_after", "?after= must be the id of a message");
    }
    const arrival = await gate.arrive(c);
    const { caller } = arrival;
    // Whoever isn't let in makes no room.
    const name = typeof caller === "object"
      ? await options.roomNames.claim(named)
      : await options.roomNames.find(named);
    const held = await rules.hold(name);
    let isIn = false;
    try {
      if (typeof caller === "object") await claim(name, held, caller.user);
      const place = {
        room: name,
        refusal: (user: User) =>
          mayEnter(held.current, user) ? undefined : { code: CLOSE.notAllowed, reason: whyNot(held.current) },
        maxFrameBytes: MAX_FRAME_BYTES,
      };
      return gate.open(c.req.raw, arrival, place, (visitor) => {
        isIn = true;
        const takesEvents = c.req.query("events") === "1";
        const to = { room: name, after, rules: held, limiter: limiterOf(visitor), takesEvents };
        return new ChatSocket(visitor, to, options);
      });
    } finally {
      if (!isIn) rules.release(name);
    }
  }

  /** Whoever enters an empty room first, and has an account, is its creator. */
  async function claim(name: string, held: CachedPermissions, user: User): Promise<void> {
    if (!hasAccount(user) || held.current.creator) return;
    const { lines } = await history.before(name, undefined, 1);
    if (!lines.length) await rules.claim(name, user);
  }

  return new Hono<{ Bindings: Bindings }>().get("/ws/chat/:room/", open).get("/ws/chat/:room", open);
}

/** Where a socket leads. */
interface Destination {
  readonly room: string;
  readonly after: string | undefined;
  readonly rules: CachedPermissions;
  /** `undefined` = off. */
  readonly limiter: Limiter | undefined;
  /** Whether the client asked for events that those of the tutorials don't know. */
  readonly takesEvents: boolean;
}

/** What somebody may say. */
interface Limiter {
  readonly messages: RateLimiter;
  /** What guests may say together who share an address. */
  readonly address?: { readonly messages: TokenBucket; readonly frames: TokenBucket };
}

/** One socket, from its opening to its end. */
class ChatSocket implements Connection, ConnectionOwner {
  readonly user: User;
  readonly takesBatches: boolean;
  readonly takesEvents: boolean;
  readonly #visitor: AdmittedSocket;
  readonly #to: Destination;
  readonly #options: ChatSocketOptions;
  #room: Room | undefined;
  #member: Member | undefined;
  #frames: RateLimiter | undefined;
  /** The name that a guest stated in a message last, and that could be had. */
  #introduction: Introduction | undefined;
  /** Frames that wait until it is known whether a name is. */
  #held: ClientFrame[] | undefined;

  constructor(visitor: AdmittedSocket, to: Destination, options: ChatSocketOptions) {
    this.#visitor = visitor;
    this.user = visitor.user;
    this.takesBatches = visitor.wire.takesBatches;
    this.takesEvents = to.takesEvents || this.takesBatches;
    this.#to = to;
    this.#options = options;
  }

  /** Brings the socket into its room. */
  async opened(): Promise<void> {
    const { wire } = this.#visitor;
    const room = this.#options.lobby.room(this.#to.room);
    try {
      const member = await room.join(this, this.#to.after);
      if (!wire.isOpen) return room.leave(member);
      this.#room = room;
      this.#member = member;
      if (this.takesBatches) this.#sendPermissions();
      wire.listen();
    } catch (error) {
      if (error instanceof NameHeldError) return void this.close(CLOSE.notAllowed, NAME_HELD);
      this.#options.log.error("join_failed", { room: room.name, ...errorFields(error) });
      void this.close(CLOSE.internal, "Internal server error");
    }
  }

  receive(frame: Frame): void {
    if (this.#room && this.#member) this.#receive(this.#room, this.#member, frame);
  }

  ended(): void {
    if (this.#member) this.#room?.leave(this.#member);
  }

  closed(): void {
    this.#options.rules.release(this.#to.room);
  }

  renamed(user: User): void {
    this.#visitor.renamed(user);
  }

  send(frame: string): void {
    this.#visitor.wire.send(frame);
  }

  drained(): Promise<void> {
    return this.#visitor.wire.drained();
  }

  close(code: number, reason: string): Promise<void> {
    return this.#visitor.wire.close(code, reason);
  }

  /** A page was made before its socket: whoever enters an empty room has become its creator since. */
  #sendPermissions(): void {
    const { room, rules } = this.#to;
    this.send(encodeFrame(roomFrame(room, rules.current, this.#visitor.user)));
  }

  #receive(room: Room, member: Member, data: Frame): void {
    this.#guard(room, member, () => {
      const frame = this.#to.limiter ? this.#limited(data, this.#to.limiter) : decodeFrame(data);
      if (frame?.type === "ping") this.send(PONG);
      else if (frame) this.#take(room, member, frame);
    });
  }

  /** What goes wrong with a frame, its sender is told. */
  #guard(room: Room, member: Member, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (error instanceof FrameError) {
        this.#options.counters.refuse(error.code);
        return member.refuse(error);
      }
      this.#options.log.error("frame_failed", { room: room.name, ...errorFields(error) });
      member.failed(undefined);
    }
  }

  #take(room: Room, member: Member, frame: ClientFrame): void {
    if (this.#held) {
      if (this.#held.push(frame) > MAX_HELD_FRAMES) void this.close(CLOSE.tooMany, "Too many frames at once");
    } else if (frame.type === "chat_message" && this.#isUnknown(frame.username)) {
      this.#held = [];
      this.#introduce(room, member, frame);
    } else {
      const current = this.#options.lobby.current();
      if (current) this.#wait(current, room, member, frame);
      else this.#act(room, member, frame);
    }
  }

  /** After a pause of this process: whether this member may still speak here is known only once changes are read. */
  async #wait(current: Promise<void>, room: Room, member: Member, frame: ClientFrame): Promise<void> {
    this.#held = [frame];
    const isRead = await current.then(() => true, () => false);
    const held = this.#held;
    this.#held = undefined;
    if (!this.#visitor.wire.isOpen) return;
    for (const next of held) {
      this.#guard(room, member, () => {
        if (isRead) return this.#take(room, member, next);
        const clientId = next.type === "chat_message" ? next.client_id : undefined;
        throw new FrameError("internal", "Internal server error", { clientId });
      });
    }
  }

  #act(room: Room, member: Member, frame: ClientFrame): void {
    if (frame.type === "chat_message") this.#checkMaySpeak(frame.client_id);
    const { stated, speaker } = this.#introduction ?? {};
    const isStated = frame.type === "chat_message" && frame.username !== undefined &&
      frame.username === stated;
    room.receive(member, frame, isStated ? speaker : undefined);
  }

  /** Whether a message states a name of which isn't known whether its sender can have it. */
  #isUnknown(name: string | undefined): name is string {
    const { user } = this;
    return name !== undefined && user.isGuest && user.name === ANONYMOUS &&
      name !== this.#introduction?.stated;
  }

  /** Acts upon a message whose guest states a name, if it can be had; what comes meanwhile waits. */
  async #introduce(room: Room, member: Member, frame: ClientFrame & { type: "chat_message" }): Promise<void> {
    let introduction: Introduction | undefined;
    let failure: unknown;
    try {
      this.#checkMaySpeak(frame.client_id);
      introduction = await introduced(frame, { ...this.#options, room, member, badge: this.user.badge });
    } catch (error) {
      failure = error;
    }
    const held = this.#held ?? [];
    this.#held = undefined;
    if (!this.#visitor.wire.isOpen) return;
    this.#guard(room, member, () => {
      if (!introduction) throw failure;
      this.#introduction = introduction;
      this.#act(room, member, frame);
    });
    for (const next of held) this.#guard(room, member, () => this.#take(room, member, next));
  }

  #checkMaySpeak(clientId: string | undefined): void {
    if (maySpeak(this.#to.rules.current, this.#visitor.user)) return;
    throw new FrameError("read_only", "This room is read-only", { clientId });
  }

  /** Decodes a frame while the connection is within its limits; `undefined` when it was closed for exceeding them. */
  #limited(data: Frame, { messages, address }: Limiter): ClientFrame | Ping | undefined {
    const perMinute = this.#options.rateMessagesPerMinute;
    this.#frames ??= new RateLimiter({
      tokensPerInterval: perMinute * FRAMES_PER_MESSAGE,
      interval: "minute",
    });
    const weight = Math.min(weightOf(data), perMinute * FRAMES_PER_MESSAGE);
    if (!this.#frames.tryRemoveTokens(weight)) return void this.close(CLOSE.tooMany, "Too many messages");
    if (address && !address.frames.tryRemoveTokens(weight)) {
      return void this.close(CLOSE.tooMany, "Too many messages from this address");
    }
    const frame = decodeFrame(data);
    if (frame.type !== "chat_message") return frame;
    if (!messages.tryRemoveTokens(1)) {
      return tooFast(frame, "Rate limit exceeded", messages.getWaitTime(1));
    }
    if (!address) return frame;
    const cost = 1 + Math.floor(frame.message.length / LENGTH_PER_TOKEN);
    const tokens = Math.min(cost, address.messages.bucketSize);
    if (address.messages.tryRemoveTokens(tokens)) return frame;
    return tooFast(
      frame,
      "Rate limit of guests at this address exceeded",
      address.messages.getWaitTime(tokens),
    );
  }
}

/** As how many frames one counts. */
function weightOf(frame: Frame): number {
  const size = typeof frame === "string" ? frame.length : frame.byteLength;
  return 1 + Math.floor(size / SIZE_PER_FRAME);
}

/** Throws {@link FrameError}. */
function tooFast(frame: ClientFrame & { type: "chat_message" }, error: string, retryAfterMs: number): never {
  throw new FrameError("rate_limited", error, { clientId: frame.client_id, retryAfterMs });
}
