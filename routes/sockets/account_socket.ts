/** A socket that is for people with an account: their own affairs, and not a room's. */
import { type Context, Hono } from "hono";
import { RateLimiter } from "limiter";
import { CLOSE } from "../../rooms/protocol.ts";
import { hasAccount, type User } from "../../rooms/user.ts";
import type { Bindings } from "../authentication.ts";
import { errorFields, type Logger } from "../logger.ts";
import type { SocketUpgrade } from "./upgrade.ts";
import type { Frame } from "./socket.ts";
import { type Closing, isPing, PONG } from "./connection.ts";

/** One such socket, as those see it who speak through it. */
export interface AccountConnection {
  /** Who it is; roles change, and so does this. */
  readonly user: User;
  /** Whether the client takes fields and frames that protocol.md doesn't name (`?batch=1`, as our own pages say). */
  readonly takesBatches: boolean;
  /** Sends a frame, or closes the connection when its reader is too slow. */
  send(frame: string | Uint8Array<ArrayBuffer>): void;
  /** Resolves when what was sent is on its way, or the connection is closed. */
  drained(): Promise<void>;
  /** Closes it, and resolves when it is closed. */
  close(code: number, reason: string): Promise<void>;
}

/** What becomes of a connection. */
export interface Attendance {
  /** Takes a frame; what it throws is logged and closes the connection with 1011. */
  receive(frame: Frame): void;
  /** The connection has ended. Called once. */
  left(): void;
}

export interface AccountSocketOptions {
  readonly gate: SocketUpgrade;
  readonly log: Logger;
  /** As Hono has it, without a trailing slash: `/ws/documents/:id`. */
  readonly path: string;
  /** Why an account may not be here; `undefined`: it may. Everybody else was told already. */
  readonly refusal?: (user: User) => string | undefined;
  /** A larger frame closes with 1009. */
  readonly maxFrameBytes: number;
  /** More close with 4008. */
  readonly framesPerMinute: number;
  /**
   * Begins when the connection is open; frames that come before it resolves are kept. What it throws is logged and
   * closes the connection with 1011.
   */
  readonly attend: (
    connection: AccountConnection,
    parameters: Readonly<Record<string, string>>,
  ) => Attendance | Promise<Attendance>;
}

/**
 * The routes of such a socket. Whoever isn't signed in is closed with 4001, and so is everybody within seconds of being
 * signed out; whom `refusal` names with 4003.
 */
export function accountSocket(options: AccountSocketOptions): Hono<{ Bindings: Bindings }> {
  const { gate, log, path, maxFrameBytes, framesPerMinute } = options;

  function refusal(user: User): Closing | undefined {
    if (user.isGuest) return { code: CLOSE.notSignedIn, reason: "Sign in first" };
    const reason = hasAccount(user) ? options.refusal?.(user) : "This is for people with an account";
    return reason === undefined ? undefined : { code: CLOSE.notAllowed, reason };
  }

  async function open(c: Context<{ Bindings: Bindings }>): Promise<Response> {
    const arrival = await gate.arrive(c);
    const parameters: Record<string, string> = c.req.param();
    const { path: at } = c.req;
    return gate.open(c.req.raw, arrival, { refusal, maxFrameBytes }, (visitor) => {
      const { wire } = visitor;
      let attendance: Attendance | undefined;
      const failed = (what: string, error: unknown): void => {
        log.error(what, { path: at, ...errorFields(error) });
        void wire.close(CLOSE.internal, "Internal server error");
      };
      const connection: AccountConnection = {
        get user() {
          return visitor.user;
        },
        takesBatches: wire.takesBatches,
        send: (frame) => wire.send(frame),
        drained: () => wire.drained(),
        close: (code, reason) => wire.close(code, reason),
      };
      const limiter = new RateLimiter({ tokensPerInterval: framesPerMinute, interval: "minute" });
      return {
        async opened() {
          try {
            const begun = await options.attend(connection, parameters);
            if (!wire.isOpen) return begun.left();
            attendance = begun;
            wire.listen();
          } catch (error) {
            failed("attend_failed", error);
          }
        },
        receive(frame) {
          if (!limiter.tryRemoveTokens(1)) return void wire.close(CLOSE.tooMany, "Too many messages");
          if (isPing(frame)) return wire.send(PONG);
          try {
            attendance?.receive(frame);
          } catch (error) {
            failed("frame_failed", error);
          }
        },
        ended: () => attendance?.left(),
        closed() {},
      };
    });
  }

  return new Hono<{ Bindings: Bindings }>().get(`${path}/`, open).get(path, open);
}
