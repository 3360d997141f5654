/** Upgrades requests to sockets: who may open one, how many, and which open socket may stay. */
import type { Context } from "hono";
import type { LiveConnection, LiveConnections } from "../../rooms/access/live_connections.ts";
import type { Rooms } from "../../rooms/rooms.ts";
import { CLOSE } from "../../rooms/protocol.ts";
import type { User } from "../../rooms/user.ts";
import type { Authentication, Bindings, Caller, Refusal, RoomTarget } from "../authentication.ts";
import { HttpError } from "../errors.ts";
import { Budgets } from "../rate_limits.ts";
import type { Upgrade, Upgrader } from "./socket.ts";
import { type Closing, type ConnectionOwner, type FrameFormat, SocketConnection } from "./connection.ts";

/** What {@link createSocketUpgrade} works with. */
export interface SocketUpgradeOptions {
  readonly authentication: Authentication;
  readonly rooms: Pick<Rooms, "current">;
  readonly liveConnections: LiveConnections;
  readonly isStopping: () => boolean;
  /** Open at once; 0 = off. */
  readonly maxConnectionsPerIp: number;
  /** Open at once, for each account or guest's browser; 0 = off. */
  readonly maxConnectionsPerUser: number;
}

/** A request for a socket, and who sends it. */
export interface SocketRequest {
  readonly caller: Caller | Refusal;
  readonly address: string;
  readonly format: FrameFormat;
  readonly upgrade: Upgrader;
  /** How many changes {@link LiveConnections} had applied before the caller was authenticated. */
  readonly since: number;
}

/** What a socket is for, and who may use it. */
export interface SocketTarget {
  /** The room whose permissions decide. */
  readonly room?: string;
  /** What bans may name of a user at an address; missing: it is no room. */
  readonly banIdsOf?: (user: User, address: string) => readonly string[];
  /** Why a user may not use it at present; `undefined` for one who may. */
  readonly refusal: (user: User) => Closing | undefined;
  readonly maxFrameBytes: number;
  /** Whether binary frames are those of a protocol of its own, so that JSON is always text. */
  readonly hasBinaryProtocol?: boolean;
}

/** An open socket whose user was admitted, and is checked again when permissions change. */
export class AdmittedSocket implements LiveConnection {
  readonly connection: SocketConnection;
  readonly address: string;
  endsAt: number;
  #user: User;
  readonly #caller: Caller;
  readonly #target: SocketTarget;

  constructor(caller: Caller, address: string, target: SocketTarget, connection: SocketConnection) {
    this.connection = connection;
    this.address = address;
    this.#user = caller.user;
    this.endsAt = caller.endsAt;
    this.#caller = caller;
    this.#target = target;
  }

  /** The account as it is now; a guest as the room knows them. */
  get user(): User {
    return this.#user;
  }

  set user(user: User) {
    const { standing } = user;
    this.#user = user.isGuest && this.#user.isGuest ? { ...this.#user, standing } : user;
  }

  /** Sets the name under which the room knows a guest. */
  renamed(user: User): void {
    this.#user = { ...user, standing: this.#user.standing };
  }

  get room(): string | undefined {
    return this.#target.room;
  }

  get banIds(): readonly string[] | undefined {
    return this.#target.banIdsOf?.(this.user, this.address);
  }

  get owner(): string {
    return this.#caller.credential?.owner ?? this.#caller.user.id;
  }

  renew(): Promise<Caller | undefined> {
    return this.#caller.renew(this.user.name);
  }

  refusal(): Closing | undefined {
    return this.#target.refusal(this.user);
  }

  close(code: number, reason: string): Promise<void> {
    return this.connection.close(code, reason);
  }
}

/** Answers requests for sockets. */
export interface SocketUpgrade {
  /**
   * Finds out who sends the request, which is about `target`; missing: about no room.
   *
   * @throws {HttpError} when it isn't an upgrade, or its page isn't allowed.
   */
  authenticate(c: Context<{ Bindings: Bindings }>, target?: RoomTarget): Promise<SocketRequest>;
  /**
   * Answers the request with a socket. It closes at once when the caller may not use it; else `enter` returns its owner,
   * synchronously.
   *
   * @throws {HttpError} when the service stops, the address has too many sockets, or the upgrade is malformed.
   */
  open(
    request: Request,
    asked: SocketRequest,
    target: SocketTarget,
    enter: (admitted: AdmittedSocket) => ConnectionOwner,
  ): Response;
}

/** Sockets of one address, those that are being refused included, as a multiple of the connections it may have. */
const REFUSED_SHARE = 1.5;
/** New connections of one address, in one burst and in a minute, as multiples of the connections it may have. */
const NEW_AT_ONCE = 2;
const NEW_PER_MINUTE = 5;
/** When a refused client may try again. */
const RETRY_AFTER_MS = 5_000;

/** Why an address or a user gets no further connection. */
export const TOO_MANY_HERE = "Too many connections from this address";
/** The reason with which new sockets close that an address opens too fast. */
export const TOO_MANY_NEW = "Too many new connections from this address";
/** The reason with which a socket closes above the limit of one person. */
export const TOO_MANY_OF_USER = "Too many connections of this user";

/** The answer to a guest who states an account's name. */
export const NAME_TAKEN = "This name belongs to an account: sign in, or choose another one";
/** The answer to a guest who states a name that nobody can have. */
export const NAME_REFUSED =
  "This name can't be used: it looks like a sign of the service, or has characters that nobody sees";
/** The answer to a guest who states the name of another guest in the room. */
export const NAME_HELD = "Somebody else in this room has this name; choose another one";

const REFUSALS: Readonly<Record<Refusal, Closing>> = {
  invalid_credential: { code: CLOSE.notSignedIn, reason: "The token is not valid" },
  guests_not_allowed: { code: CLOSE.notSignedIn, reason: "Sign in first" },
  name_taken: { code: CLOSE.notAllowed, reason: NAME_TAKEN },
  name_refused: { code: CLOSE.notAllowed, reason: NAME_REFUSED },
};

/** Makes what upgrades requests, and counts open sockets. */
export function createSocketUpgrade(options: SocketUpgradeOptions): SocketUpgrade {
  const { authentication, liveConnections, maxConnectionsPerIp, maxConnectionsPerUser } = options;
  /** Open sockets by address. */
  const counts = new Map<string, number>();
  const newConnections = new Budgets({
    burst: NEW_AT_ONCE * maxConnectionsPerIp,
    perMinute: NEW_PER_MINUTE * maxConnectionsPerIp,
  });

  function refusalOf({ caller, address }: SocketRequest, target: SocketTarget): Closing | undefined {
    if (typeof caller !== "object") return REFUSALS[caller];
    const refusal = target.refusal(caller.user);
    if (refusal) return refusal;
    if (maxConnectionsPerIp && (counts.get(address) ?? 0) >= maxConnectionsPerIp) {
      return { code: CLOSE.tooMany, reason: TOO_MANY_HERE };
    }
    if (maxConnectionsPerIp && !newConnections.of(address).tryRemoveTokens(1)) {
      return { code: CLOSE.tooMany, reason: TOO_MANY_NEW };
    }
    if (maxConnectionsPerUser && liveConnections.count(caller.user) >= maxConnectionsPerUser) {
      return { code: CLOSE.tooMany, reason: TOO_MANY_OF_USER };
    }
  }

  function count(address: string, by: 1 | -1): void {
    const open = (counts.get(address) ?? 0) + by;
    if (open) counts.set(address, open);
    else counts.delete(address);
  }

  /** Answers with a socket that closes with the reason at once; it counts until it is closed. */
  function refuse(request: Request, asked: SocketRequest, why: Closing | undefined): Response {
    const { address, format } = asked;
    const open = counts.get(address) ?? 0;
    if (maxConnectionsPerIp && open >= maxConnectionsPerIp * REFUSED_SHARE) {
      throw new HttpError(429, "too_many_connections", TOO_MANY_HERE, RETRY_AFTER_MS);
    }
    const { socket, response } = upgraded(request, asked.upgrade, 0);
    const connection = new SocketConnection(socket, format, 0);
    count(address, 1);
    const opened = (): void => void connection.close(why?.code ?? CLOSE.internal, why?.reason ?? "");
    connection.serve({ opened, receive() {}, ended() {}, closed() {} }, () => count(address, -1));
    return response;
  }

  function leave(admitted: AdmittedSocket): void {
    liveConnections.leave(admitted);
    count(admitted.address, -1);
  }

  return {
    async authenticate(c, target) {
      if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
        throw new HttpError(426, "upgrade_required", "This address is for WebSockets; open the page instead");
      }
      authentication.requireAllowedOrigin(c);
      await options.rooms.current();
      const address = authentication.address(c);
      const takesBatches = c.req.query("batch") === "1";
      const format = { takesBatches, takesBinary: takesBatches && c.req.query("binary") === "1" };
      const since = liveConnections.changes;
      const { upgrade } = c.env;
      return { address, format, upgrade, since, caller: await authentication.caller(c, target) };
    },
    open(request, given, target, enter) {
      if (options.isStopping()) {
        throw new HttpError(503, "restarting", "The service is restarting; come back in a second");
      }
      const { maxFrameBytes, hasBinaryProtocol } = target;
      const asked = hasBinaryProtocol ? { ...given, format: { ...given.format, takesBinary: false } } : given;
      const { caller, address, format } = asked;
      const refusal = refusalOf(asked, target);
      if (typeof caller !== "object" || refusal) return refuse(request, asked, refusal);
      const { socket, response } = upgraded(request, asked.upgrade, maxFrameBytes);
      const connection = new SocketConnection(socket, format, maxFrameBytes);
      const admitted = new AdmittedSocket(caller, address, target, connection);
      count(address, 1);
      const owner = enter(admitted);
      connection.serve(owner, () => leave(admitted));
      liveConnections.enter(admitted, asked.since);
      return response;
    },
  };
}

/** @throws {HttpError} 400 for a request that isn't a well-formed upgrade. */
function upgraded(request: Request, upgrade: Upgrader, maxMessageBytes: number): Upgrade {
  try {
    return upgrade(request, { maxMessageBytes });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new HttpError(400, "bad_upgrade", "This request isn't a WebSocket upgrade as RFC 6455 has it");
  }
}
