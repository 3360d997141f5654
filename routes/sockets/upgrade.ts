/** The gate: which request may open a socket, and which socket may stay open. */
import type { Context } from "hono";
import type { LiveConnection, LiveConnections } from "../../rooms/access/live_connections.ts";
import type { Rooms } from "../../rooms/rooms.ts";
import { CLOSE } from "../../rooms/protocol.ts";
import type { User } from "../../rooms/user.ts";
import type { Authentication, Bindings, Caller, Refusal } from "../authentication.ts";
import { HttpError } from "../errors.ts";
import { Budgets } from "../rate_limits.ts";
import type { Upgrade, Upgrader } from "./socket.ts";
import { type Closing, type ConnectionOwner, SocketConnection } from "./connection.ts";

export interface SocketUpgradeOptions {
  readonly authentication: Authentication;
  readonly lobby: Pick<Rooms, "current">;
  readonly liveConnections: LiveConnections;
  readonly isStopping: () => boolean;
  /** 0 = off. */
  readonly maxConnectionsPerIp: number;
  /** Per account or guest's browser; 0 = off. */
  readonly maxConnectionsPerUser: number;
}

/** Somebody who asks for a socket. */
export interface SocketRequest {
  readonly caller: Caller | Refusal;
  readonly address: string;
  readonly takesBatches: boolean;
  readonly upgrade: Upgrader;
  /** How many changes the doors had heeded before the caller was looked up. */
  readonly since: number;
}

/** Where a socket leads, and who may be there. */
export interface SocketTarget {
  /** The room whose rules say so. */
  readonly room?: string;
  /** Why a user may not be here, as of now; `undefined` for one who may. */
  readonly refusal: (user: User) => Closing | undefined;
  readonly maxFrameBytes: number;
}

/** Somebody who has come in. */
export class AdmittedSocket implements LiveConnection {
  readonly wire: SocketConnection;
  readonly address: string;
  endsAt: number;
  #user: User;
  readonly #caller: Caller;
  readonly #place: SocketTarget;

  constructor(caller: Caller, address: string, place: SocketTarget, wire: SocketConnection) {
    this.wire = wire;
    this.address = address;
    this.#user = caller.user;
    this.endsAt = caller.endsAt;
    this.#caller = caller;
    this.#place = place;
  }

  /** Changes as the account does; a guest stays who the room says. */
  get user(): User {
    return this.#user;
  }

  set user(user: User) {
    if (!user.isGuest || !this.#user.isGuest) this.#user = user;
  }

  /** Notes under which name the room knows a guest. */
  renamed(user: User): void {
    this.#user = user;
  }

  get room(): string | undefined {
    return this.#place.room;
  }

  get owner(): string {
    return this.#caller.pass?.owner ?? this.#caller.user.id;
  }

  renew(): Promise<Caller | undefined> {
    return this.#caller.renew(this.user.name);
  }

  refusal(): Closing | undefined {
    return this.#place.refusal(this.user);
  }

  close(code: number, reason: string): Promise<void> {
    return this.wire.close(code, reason);
  }
}

export interface SocketUpgrade {
  /** Looks at the request and at who sends it. Throws {@link HttpError} for one that no socket can come of. */
  arrive(c: Context<{ Bindings: Bindings }>): Promise<SocketRequest>;
  /**
   * Answers the request with a socket: one that closes at once when the caller may not be there, else one that `enter`
   * makes something of, now and without awaiting anything. Throws {@link HttpError}.
   */
  open(
    request: Request,
    arrival: SocketRequest,
    place: SocketTarget,
    enter: (visitor: AdmittedSocket) => ConnectionOwner,
  ): Response;
}

/** Of the connections that an address may have, so many times as many may be open, with those that are being refused. */
const REFUSED_SHARE = 1.5;
/** Of the connections that an address may have, so many times as many may be new at once, and in a minute. */
const NEW_AT_ONCE = 2;
const NEW_PER_MINUTE = 5;
/** When it may be tried again. */
const RETRY_AFTER_MS = 5_000;

/** Why an address or a user gets no further connection. */
export const TOO_MANY_HERE = "Too many connections from this address";
export const TOO_MANY_NEW = "Too many new connections from this address";
export const TOO_MANY_OF_USER = "Too many connections of this user";

/** The answer to a guest who takes a name that isn't free. */
export const NAME_TAKEN = "This name belongs to an account: sign in, or choose another one";

/** The answer to a guest who takes a name that nobody can have. */
export const NAME_REFUSED =
  "This name can't be used: it looks like a sign of the service, or has characters that nobody sees";
/** The answer to one whose name a guest has who can be told from others. */
export const NAME_HELD = "Somebody else in this room has this name; choose another one";

const REFUSALS: Readonly<Record<Refusal, Closing>> = {
  invalid_pass: { code: CLOSE.notSignedIn, reason: "The token is not valid" },
  guests_not_allowed: { code: CLOSE.notSignedIn, reason: "Sign in first" },
  name_taken: { code: CLOSE.notAllowed, reason: NAME_TAKEN },
  name_refused: { code: CLOSE.notAllowed, reason: NAME_REFUSED },
};

export function createSocketUpgrade(options: SocketUpgradeOptions): SocketUpgrade {
  const { authentication, liveConnections, maxConnectionsPerIp, maxConnectionsPerUser } = options;
  /** Open sockets by address. */
  const counts = new Map<string, number>();
  const arrivals = new Budgets({
    burst: NEW_AT_ONCE * maxConnectionsPerIp,
    perMinute: NEW_PER_MINUTE * maxConnectionsPerIp,
  });

  function refusalOf({ caller, address }: SocketRequest, place: SocketTarget): Closing | undefined {
    if (typeof caller !== "object") return REFUSALS[caller];
    const refusal = place.refusal(caller.user);
    if (refusal) return refusal;
    if (maxConnectionsPerIp && (counts.get(address) ?? 0) >= maxConnectionsPerIp) {
      return { code: CLOSE.tooMany, reason: TOO_MANY_HERE };
    }
    if (maxConnectionsPerIp && !arrivals.of(address).tryRemoveTokens(1)) {
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

  /** Answers with a socket that says why it closes, and does nothing else; it counts until it is closed. */
  function turnAway(request: Request, arrival: SocketRequest, why: Closing | undefined): Response {
    const { address, takesBatches } = arrival;
    const open = counts.get(address) ?? 0;
    if (maxConnectionsPerIp && open >= maxConnectionsPerIp * REFUSED_SHARE) {
      throw new HttpError(429, "too_many_connections", TOO_MANY_HERE, RETRY_AFTER_MS);
    }
    const { socket, response } = upgraded(request, arrival.upgrade, 0);
    const wire = new SocketConnection(socket, { takesBatches, maxFrameBytes: 0 });
    count(address, 1);
    const opened = (): void => void wire.close(why?.code ?? CLOSE.internal, why?.reason ?? "");
    wire.serve({ opened, receive() {}, ended() {}, closed() {} }, () => count(address, -1));
    return response;
  }

  function leave(visitor: AdmittedSocket): void {
    liveConnections.leave(visitor);
    count(visitor.address, -1);
  }

  return {
    async arrive(c) {
      if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
        throw new HttpError(426, "upgrade_required", "This address is for WebSockets; open the page instead");
      }
      if (!authentication.isAllowedOrigin(c)) {
        throw new HttpError(
          403,
          "origin_not_allowed",
          "Pages of this origin may not open sockets: see ALLOWED_ORIGINS",
        );
      }
      await options.lobby.current();
      const address = authentication.address(c);
      const takesBatches = c.req.query("batch") === "1";
      const since = liveConnections.changes;
      const { upgrade } = c.env;
      return { address, takesBatches, upgrade, since, caller: await authentication.caller(c) };
    },
    open(request, arrival, place, enter) {
      if (options.isStopping()) {
        throw new HttpError(503, "restarting", "The service is restarting; come back in a second");
      }
      const { caller, address, takesBatches } = arrival;
      const refusal = refusalOf(arrival, place);
      if (typeof caller !== "object" || refusal) return turnAway(request, arrival, refusal);
      const { maxFrameBytes } = place;
      const { socket, response } = upgraded(request, arrival.upgrade, maxFrameBytes);
      const wire = new SocketConnection(socket, { takesBatches, maxFrameBytes });
      const visitor = new AdmittedSocket(caller, address, place, wire);
      count(address, 1);
      const user = enter(visitor);
      wire.serve(user, () => leave(visitor));
      liveConnections.enter(visitor, arrival.since);
      return response;
    },
  };
}

/** Throws {@link HttpError} for a request that isn't a proper upgrade. */
function upgraded(request: Request, upgrade: Upgrader, maxMessageBytes: number): Upgrade {
  try {
    return upgrade(request, { maxMessageBytes });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new HttpError(400, "bad_upgrade", "This request isn't a WebSocket upgrade as RFC 6455 has it");
  }
}
