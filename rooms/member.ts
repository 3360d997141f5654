/** One connection in one room. */
import type { Accepted, ResendKey, Sender } from "./messages/journal.ts";
import { encodeFrame, FrameError, joinFrames, type ServerFrame } from "./protocol.ts";
import type { User } from "./user.ts";

/** What a room needs of a socket. */
export interface Connection {
  /** Who opened it; a guest who stated no name is `ANONYMOUS` and may state one in a message. */
  readonly user: User;
  /** Whether several frames may come as one JSON array. */
  readonly takesBatches: boolean;
  /** Whether events may come that clients of the tutorials don't know; missing: no. */
  readonly takesEvents?: boolean;
  /** Sends a frame, or closes the connection when its reader is too slow. */
  send(frame: string): void;
  /** Resolves when what was sent is on its way, or the connection is closed. */
  drained(): Promise<void>;
  /** Is told under which name the room knows who opened it. */
  renamed?(user: User): void;
  /** Closes it, and resolves when it is closed. */
  close(code: number, reason: string): Promise<void>;
}

/** A member knows its connection and who speaks through it; what is said is the room's affair. */
export class Member implements Sender {
  readonly connection: Connection;
  /** When it came, in milliseconds of a monotonic clock. */
  readonly since: number;
  /** Requests for history under way, and the last of them. */
  asking = 0;
  asked: Promise<void> = Promise.resolve();
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

  get user(): User {
    return this.#user;
  }

  set user(user: User) {
    this.#user = user;
    this.connection.renamed?.(user);
  }

  /** Sends frames, joined for those who take them so; `joined` is the same as one text, made once for all members. */
  send(frames: readonly string[], joined = joinFrames(frames)): void {
    if (this.connection.takesBatches) this.connection.send(joined);
    else for (const frame of frames) this.connection.send(frame);
  }

  accepted({ id, timestamp }: Accepted, mark: ResendKey | undefined): void {
    if (mark) this.#tell({ type: "ack", client_id: mark.clientId, id, timestamp });
  }

  failed(mark: ResendKey | undefined): void {
    this.refuse(new FrameError("internal", "Internal server error", { clientId: mark?.clientId }));
  }

  /** Tells what is wrong with a frame of this member. */
  refuse({ message: error, code, clientId, retryAfterMs }: FrameError): void {
    this.#tell({ type: "error", error, code, client_id: clientId, retry_after_ms: retryAfterMs });
  }

  #tell(frame: ServerFrame): void {
    this.connection.send(encodeFrame(frame));
  }
}
