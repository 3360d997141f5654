/** `/ws/chat/:room/`: the socket of a room. It does what concerns the socket; the room knows what frames mean. */
import { type Context, Hono } from "hono";
import type { Accounts } from "../../rooms/access/accounts.ts";
import type { Bans } from "../../rooms/access/moderation/bans.ts";
import type { LiveConnections } from "../../rooms/access/live_connections.ts";
import type { Counters } from "../../rooms/counters.ts";
import type { History } from "../../rooms/messages/history.ts";
import type { Rooms } from "../../rooms/rooms.ts";
import type { Connection, Member } from "../../rooms/member.ts";
import { NameHeldError } from "../../rooms/presence/name_claims.ts";
import {
  type ClientFrame,
  CLOSE,
  encodeFrame,
  FrameError,
  isWriting,
  MAX_FRAME_BYTES,
} from "../../rooms/protocol.ts";
import type { Room } from "../../rooms/room.ts";
import type { RoomNames } from "../../rooms/access/room_names.ts";
import {
  type CachedPermissions,
  mayEnter,
  mayModerate,
  maySpeak,
  type PermissionStore,
  roomFrame,
  whyNot,
} from "../../rooms/access/room_permissions.ts";
import { ANONYMOUS, hasAccount, type User } from "../../rooms/user.ts";
import type { Bindings } from "../authentication.ts";
import type { Entrance } from "../entrance.ts";
import { HttpError } from "../errors.ts";
import { errorFields, type Logger } from "../logger.ts";
import { roomNameIn } from "../path_params.ts";
import { ChatLimits, type FrameLimits, TooManyFramesError } from "./chat_limits.ts";
import { type StatedName, takeStatedName } from "./stated_name.ts";
import { type AdmittedSocket, NAME_HELD, type SocketUpgrade } from "./upgrade.ts";
import type { Frame } from "./socket.ts";
import { type ConnectionOwner, PONG } from "./connection.ts";

/** What {@link chatSocket} works with. */
export interface ChatSocketOptions {
  readonly upgrade: SocketUpgrade;
  readonly entrance: Entrance;
  readonly rooms: Rooms;
  readonly accounts: Accounts;
  readonly roomPermissions: PermissionStore;
  readonly bans: Bans;
  readonly roomNames: RoomNames;
  readonly liveConnections: LiveConnections;
  readonly history: History;
  readonly counters: Counters;
  readonly log: Logger;
  /** For each account, each guest's browser, or else each connection; 0 = off. */
  readonly rateMessagesPerMinute: number;
}

/** A message's id is a ULID. */
const ID_LENGTH = 26;
/** Frames that may wait until it is known whether the name in one of them is free. */
const MAX_WAITING_FRAMES = 10_000;

/** The route of rooms' sockets. */
export function chatSocket(options: ChatSocketOptions): Hono<{ Bindings: Bindings }> {
  const { upgrade, roomPermissions, history } = options;
  const limits = new ChatLimits(options.rateMessagesPerMinute);

  async function open(c: Context<{ Bindings: Bindings }>): Promise<Response> {
    const named = roomNameIn(c.req.param("room"));
    const after = c.req.query("after");
    if (after !== undefined && after.length > ID_LENGTH) {
      throw new HttpError(400, "invalid_after", "?after= must be the id of a message");
    }
    const known = await options.roomNames.find(named);
    const invitation = await options.entrance.byCode(c, known);
    const request = await upgrade.authenticate(c, { room: known, invitation });
    const { caller } = request;
    // A caller who isn't admitted must not make a room by asking for it.
    const room = typeof caller === "object" ? await options.roomNames.claim(named) : known;
    const permissions = await roomPermissions.hold(room);
    let isAdmitted = false;
    try {
      if (typeof caller === "object") await claim(room, permissions, caller.user);
      const target = {
        room,
        refusal: (user: User) =>
          mayEnter(permissions.current, user)
            ? undefined
            : { code: CLOSE.notAllowed, reason: whyNot(permissions.current, user) },
        banIdsOf: (user: User, address: string) => options.bans.idsOf(room, user, address),
        maxFrameBytes: MAX_FRAME_BYTES,
      };
      return upgrade.open(c.req.raw, request, target, (admitted) => {
        isAdmitted = true;
        const takesEvents = c.req.query("events") === "1";
        const frames = limits.of(admitted.user, admitted.address);
        return new ChatSocket(admitted, { room, after, permissions, frames, takesEvents }, options);
      });
    } finally {
      if (!isAdmitted) roomPermissions.release(room);
    }
  }

  /** Makes the first person with an account who enters an empty room its creator. */
  async function claim(room: string, permissions: CachedPermissions, user: User): Promise<void> {
    if (!hasAccount(user) || permissions.current.creator) return;
    const { lines } = await history.before(room, undefined, 1);
    if (!lines.length) await roomPermissions.claim(room, user);
  }

  return new Hono<{ Bindings: Bindings }>().get("/ws/chat/:room/", open).get("/ws/chat/:room", open);
}

/** What a socket asked for, and what applies to it. */
interface ChatTarget {
  readonly room: string;
  /** The id of the last message that the client knows. */
  readonly after: string | undefined;
  readonly permissions: CachedPermissions;
  readonly frames: FrameLimits;
  /** Whether the client asked for events that clients written by the tutorials don't know. */
  readonly takesEvents: boolean;
}

/** One socket, from its opening to its end. */
class ChatSocket implements Connection, ConnectionOwner {
  readonly user: User;
  readonly takesBatches: boolean;
  readonly takesEvents: boolean;
  readonly #admitted: AdmittedSocket;
  readonly #target: ChatTarget;
  readonly #options: ChatSocketOptions;
  #room: Room | undefined;
  #member: Member | undefined;
  /** The last name that a guest stated in a message and that was free. */
  #statedName: StatedName | undefined;
  /** Frames that wait until it is known whether a name is free, or whether permissions have changed. */
  #waiting: ClientFrame[] | undefined;

  constructor(admitted: AdmittedSocket, target: ChatTarget, options: ChatSocketOptions) {
    this.#admitted = admitted;
    const { standing: _, ...user } = admitted.user;
    this.user = user;
    this.takesBatches = admitted.connection.takesBatches;
    this.takesEvents = target.takesEvents || this.takesBatches;
    this.#target = target;
    this.#options = options;
  }

  /** Joins the room. */
  async opened(): Promise<void> {
    const { connection } = this.#admitted;
    const room = this.#options.rooms.room(this.#target.room);
    try {
      const member = await room.join(this, this.#target.after);
      if (!connection.isOpen) return room.leave(member);
      this.#room = room;
      this.#member = member;
      if (this.takesBatches) this.#sendPermissions();
      connection.listen();
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
    this.#options.roomPermissions.release(this.#target.room);
  }

  renamed(user: User): void {
    this.#admitted.renamed(user);
  }

  send(frame: string): void {
    this.#admitted.connection.send(frame);
  }

  drained(): Promise<void> {
    return this.#admitted.connection.drained();
  }

  close(code: number, reason: string): Promise<void> {
    return this.#admitted.connection.close(code, reason);
  }

  /** The page was made before its socket, and its reader may have become the room's creator since. */
  #sendPermissions(): void {
    const { room, permissions } = this.#target;
    this.send(encodeFrame(roomFrame(room, permissions.current, this.#admitted.user)));
  }

  #receive(room: Room, member: Member, data: Frame): void {
    this.#guard(room, member, () => {
      const frame = this.#target.frames.decode(data);
      if (frame.type === "ping") this.send(PONG);
      else this.#take(room, member, frame);
    });
  }

  /** Acts, and answers the sender with what goes wrong. */
  #guard(room: Room, member: Member, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (error instanceof TooManyFramesError) return void this.close(CLOSE.tooMany, error.message);
      if (error instanceof FrameError) {
        this.#options.counters.refuse(error.code);
        return member.refuse(error);
      }
      this.#options.log.error("frame_failed", { room: room.name, ...errorFields(error) });
      member.failed(undefined);
    }
  }

  #take(room: Room, member: Member, frame: ClientFrame): void {
    if (this.#waiting) {
      if (this.#waiting.push(frame) <= MAX_WAITING_FRAMES) return;
      void this.close(CLOSE.tooMany, "Too many frames at once");
    } else if (frame.type === "chat_message" && this.#isUnknown(frame.username)) {
      this.#waiting = [];
      this.#introduce(room, member, frame);
    } else {
      const current = this.#options.rooms.current() ?? room.recall(frame);
      if (current) this.#wait(current, room, member, frame);
      else this.#act(room, member, frame);
    }
  }

  /** After a pause of this process: whether the member may still speak is known once missed changes are read. */
  async #wait(current: Promise<unknown>, room: Room, member: Member, frame: ClientFrame): Promise<void> {
    this.#waiting = [frame];
    const isRead = await current.then(() => true, () => false);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (!this.#admitted.connection.isOpen) return;
    for (const next of waiting) {
      this.#guard(room, member, () => {
        if (isRead) return this.#take(room, member, next);
        const clientId = isWriting(next) ? next.client_id : undefined;
        throw new FrameError("internal", "Internal server error", { clientId });
      });
    }
  }

  #act(room: Room, member: Member, frame: ClientFrame): void {
    if (isWriting(frame)) this.#checkMaySpeak(frame.client_id);
    const { stated, speaker } = this.#statedName ?? {};
    const isStated = frame.type === "chat_message" && frame.username !== undefined &&
      frame.username === stated;
    const { current } = this.#target.permissions;
    const user = isStated && speaker || member.user;
    const author = { user, mayModerate: mayModerate(current, this.#admitted.user) };
    this.#options.rooms.speech.receive(room, member, frame, author, current);
  }

  /** Whether a message states a name that has to be checked before its sender can have it. */
  #isUnknown(name: string | undefined): name is string {
    const { user } = this;
    return name !== undefined && user.isGuest && user.name === ANONYMOUS &&
      name !== this.#statedName?.stated;
  }

  /** Acts on a message whose guest states a name, if the name is free; frames that come meanwhile wait. */
  async #introduce(room: Room, member: Member, frame: ClientFrame & { type: "chat_message" }): Promise<void> {
    let statedName: StatedName | undefined;
    let failure: unknown;
    try {
      this.#checkMaySpeak(frame.client_id);
      statedName = await takeStatedName(frame, { ...this.#options, room, member, badge: this.user.badge });
    } catch (error) {
      failure = error;
    }
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    if (!this.#admitted.connection.isOpen) return;
    this.#guard(room, member, () => {
      if (!statedName) throw failure;
      this.#statedName = statedName;
      this.#act(room, member, frame);
    });
    for (const next of waiting) this.#guard(room, member, () => this.#take(room, member, next));
  }

  #checkMaySpeak(clientId: string | undefined): void {
    if (maySpeak(this.#target.permissions.current, this.#admitted.user)) return;
    throw new FrameError("read_only", "This room is read-only", { clientId });
  }
}
