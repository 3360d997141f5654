/** One connection in one room. */
import type { Sender } from "./messages/journal.ts";
import type { Accepted, ResendKey } from "./messages/resend_key.ts";
import { encodeFrame, FrameError, joinFrames, type ServerFrame } from "./protocol.ts";
import { EVENTS } from "./pending_frames.ts";
import type { User } from "./user.ts";

/** What a room needs of a socket: the port between them. */
export interface Connection {
  /** Who opened it; a guest without a name is `ANONYMOUS` and may state one in a message. */
  readonly user: User;
  /** Whether several frames may be sent as one JSON array. */
  readonly takesBatches: boolean;
  /** Whether events may be sent that simple clients don't know, see `protocol.ts`; missing: no. */
  readonly takesEvents?: boolean;
  /** Sends a frame, or closes the connection when its reader is too slow. */
  send(frame: string): void;
  /** Resolves when everything that was sent has left this process, or the connection is closed. */
  drained(): Promise<void>;
  /** Called with the user under the name that the room uses. */
  renamed?(user: User): void;
  /** Closes it, and resolves when it is closed. */
  close(code: number, reason: string): Promise<void>;
}

/** A connection in a room, and the user who speaks through it. */
export class Member implements Sender {
  readonly connection: Connection;
  /** When it joined, in milliseconds of a monotonic clock. */
  readonly since: number;
  /** The number of its unanswered requests for history. */
  asking = 0;
  /** Resolves when the last of them is answered. */
  asked: Promise<void> = Promise.resolve();
  /** The number of its unanswered changes of messages. */
  changing = 0;
  /** Resolves when the last of them is answered. */
  changed: Promise<void> = Promise.resolve();
  /** Whether it has been sent who is online. */
  knowsUsers = false;
  #user: User;

  /** `user` is who opened the connection, under the name that the room uses. */
  constructor(connection: Connection, user: User, since: number) {
    this.connection = connection;
    this.since = since;
    this.#user = user;
    connection.renamed?.(user);
  }

  /** Under the name that the room uses. */
  get user(): User {
    return this.#user;
  }

  set user(user: User) {
    this.#user = user;
    this.connection.renamed?.(user);
  }

  /** Sends frames, as one text if the client takes batches; `joined` is this text, made once for all members. */
  send(frames: readonly string[], joined = joinFrames(frames)): void {
    if (this.connection.takesBatches) this.connection.send(joined);
    else for (const frame of frames) this.connection.send(frame);
  }

  /** Sends a frame that clients written by the tutorials don't know, to others. */
  sendEvent(frame: string): void {
    if (this.connection.takesEvents) this.connection.send(frame);
  }

  /** Sends a frame of this type, unless the client doesn't know such frames. */
  sendFrame(frame: string, type: ServerFrame["type"]): void {
    if (EVENTS.has(type)) this.sendEvent(frame);
    else this.connection.send(frame);
  }

  /** Sends the acknowledgement of a message that asked for one. */
  accepted({ id, timestamp }: Accepted, resend: ResendKey | undefined): void {
    if (resend) this.#send({ type: "ack", client_id: resend.clientId, id, timestamp });
  }

  /** Sends that a request failed through no fault of its own. */
  failed(resend: ResendKey | undefined): void {
    this.refuse(new FrameError("internal", "Internal server error", { clientId: resend?.clientId }));
  }

  /** Sends what is wrong with a frame of this member. */
  refuse({ message: error, code, clientId, retryAfterMs }: FrameError): void {
    this.#send({ type: "error", error, code, client_id: clientId, retry_after_ms: retryAfterMs });
  }

  #send(frame: ServerFrame): void {
    this.connection.send(encodeFrame(frame));
  }
}
