/** Sockets for people with an account, outside of rooms: documents, notifications, the dashboard, tasks. */
import { type Context, Hono } from "hono";
import { RateLimiter } from "limiter";
import { CLOSE } from "../../rooms/protocol.ts";
import { hasAccount, type User } from "../../rooms/user.ts";
import type { Bindings } from "../authentication.ts";
import { errorFields, type Logger } from "../logger.ts";
import type { SocketRequest, SocketUpgrade } from "./upgrade.ts";
import type { Frame } from "./socket.ts";
import { type Closing, isPing, PONG } from "./connection.ts";

/** One such socket. */
export interface AccountConnection {
  /** The present user: roles change. */
  readonly user: User;
  /** Whether the client takes fields and frames that protocol.md doesn't name (`?batch=1`, which our own pages send). */
  readonly takesBatches: boolean;
  /** Sends a frame, or closes the connection when its reader is too slow. */
  send(frame: string | Uint8Array<ArrayBuffer>): void;
  /** Resolves when the reader has caught up, or the connection is closed. */
  drained(): Promise<void>;
  /** Closes it, and resolves when it is closed. */
  close(code: number, reason: string): Promise<void>;
}

/** Receives what happens to an {@link AccountConnection}. */
export interface AccountConnectionOwner {
  /** A frame has come. An error is logged and closes the connection with 1011. */
  receive(frame: Frame): void;
  /** The connection has ended. Called once. */
  left(): void;
}

/** What {@link accountSocket} works with. */
export interface AccountSocketOptions {
  readonly upgrade: SocketUpgrade;
  readonly log: Logger;
  /** A path in Hono's notation, without a trailing slash: `/ws/documents/:id`. */
  readonly path: string;
  /** Why an account may not use this socket; `undefined` for one that may. Others are refused before. */
  readonly refusal?: (user: User) => string | undefined;
  /** A larger frame closes with 1009. */
  readonly maxFrameBytes: number;
  /** Whether binary frames are those of a protocol of its own, so that JSON is always text. */
  readonly hasBinaryProtocol?: boolean;
  /** More frames than this close with 4008. */
  readonly framesPerMinute: number;
  /**
   * Called when the connection is open; frames that come before it resolves are kept. An error is logged and closes the
   * connection with 1011.
   */
  readonly serve: (
    connection: AccountConnection,
    parameters: Readonly<Record<string, string>>,
  ) => AccountConnectionOwner | Promise<AccountConnectionOwner>;
}

/**
 * The routes of such a socket. It closes with 4001 for people who aren't signed in, and within seconds of being signed
 * out; with 4003 for those whom `refusal` names.
 */
export function accountSocket(options: AccountSocketOptions): Hono<{ Bindings: Bindings }> {
  const { upgrade, log, path, maxFrameBytes, hasBinaryProtocol, framesPerMinute } = options;

  function refusal(user: User): Closing | undefined {
    if (user.isGuest) return { code: CLOSE.notSignedIn, reason: "Sign in first" };
    const reason = hasAccount(user) ? options.refusal?.(user) : "This is for people with an account";
    return reason === undefined ? undefined : { code: CLOSE.notAllowed, reason };
  }

  async function open(c: Context<{ Bindings: Bindings }>): Promise<Response> {
    const request = withoutGuest(await upgrade.authenticate(c));
    const parameters: Record<string, string> = c.req.param();
    return upgrade.open(c.req.raw, request, { refusal, maxFrameBytes, hasBinaryProtocol }, (admitted) => {
      const { connection: socket } = admitted;
      let owner: AccountConnectionOwner | undefined;
      const failed = (what: string, error: unknown): void => {
        log.error(what, { path: c.req.path, ...errorFields(error) });
        void socket.close(CLOSE.internal, "Internal server error");
      };
      const connection: AccountConnection = {
        get user() {
          return admitted.user;
        },
        takesBatches: socket.takesBatches,
        send: (frame) => socket.send(frame),
        drained: () => socket.drained(),
        close: (code, reason) => socket.close(code, reason),
      };
      const limiter = new RateLimiter({ tokensPerInterval: framesPerMinute, interval: "minute" });
      return {
        async opened() {
          try {
            const ready = await options.serve(connection, parameters);
            if (!socket.isOpen) return ready.left();
            owner = ready;
            socket.listen();
          } catch (error) {
            failed("attend_failed", error);
          }
        },
        receive(frame) {
          if (!limiter.tryRemoveTokens(1)) return void socket.close(CLOSE.tooMany, "Too many messages");
          if (isPing(frame)) return socket.send(PONG);
          try {
            owner?.receive(frame);
          } catch (error) {
            failed("frame_failed", error);
          }
        },
        ended: () => owner?.left(),
        closed() {},
      };
    });
  }

  return new Hono<{ Bindings: Bindings }>().get(`${path}/`, open).get(path, open);
}

/** People who aren't signed in learn it here, whatever name they state. */
function withoutGuest(request: SocketRequest): SocketRequest {
  const isAboutName = request.caller === "name_taken" || request.caller === "name_refused";
  return isAboutName ? { ...request, caller: "guests_not_allowed" } : request;
}
