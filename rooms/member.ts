/** One connection in one room. */
import type { Accepted, Mark, Sender } from "./journal.ts";
import { encodeFrame, FrameError, joinFrames, type ServerFrame } from "./protocol.ts";
import { ANONYMOUS, cleanName, guest, MAX_NAME_LENGTH, type User } from "./user.ts";

/** What a room needs of a socket. */
export interface Connection {
  /** Who opened it; a guest who stated no name is {@link ANONYMOUS} and may state one in a message. */
  readonly user: User;
  /** Whether several frames may come as one JSON array. */
  readonly takesBatches: boolean;
  /** Sends a frame, or closes the connection when its reader is too slow. */
  send(frame: string): void;
  /** Resolves when what was sent is on its way, or the connection is closed. */
  drained(): Promise<void>;
  /** Closes it, and resolves when it is closed. */
  close(code: number, reason: string): Promise<void>;
}

/** A member knows its connection and who speaks through it; what is said is the room's affair. */
export class Member implements Sender {
  readonly connection: Connection;
  /** When it came, in milliseconds of a monotonic clock. */
  readonly since: number;
  user: User;
  /** Requests for history under way, and the last of them. */
  asking = 0;
  asked: Promise<void> = Promise.resolve();
  /** Whether it has been sent who is online. */
  knowsUsers = false;

  constructor(connection: Connection, since: number) {
    this.connection = connection;
    this.since = since;
    this.user = connection.user;
  }

  /** Sends frames, joined for those who take them so; `joined` is the same as one text, made once for all members. */
  send(frames: readonly string[], joined = joinFrames(frames)): void {
    if (this.connection.takesBatches) this.connection.send(joined);
    else for (const frame of frames) this.connection.send(frame);
  }

  accepted({ id, timestamp }: Accepted, mark: Mark | undefined): void {
    if (mark) this.#tell({ type: "ack", client_id: mark.clientId, id, timestamp });
  }

  failed(mark: Mark | undefined): void {
    this.refuse(new FrameError("internal", "Internal server error", { clientId: mark?.clientId }));
  }

  /** Tells what is wrong with a frame of this member. */
  refuse({ message: error, code, clientId, retryAfterMs }: FrameError): void {
    this.#tell({ type: "error", error, code, client_id: clientId, retry_after_ms: retryAfterMs });
  }

  /** Who a message is from that names `username`: only a guest who opened without a name is taken at this word. */
  speaker(username: string | undefined, clientId: string | undefined): User {
    const { user } = this.connection;
    if (!username || !user.isGuest || user.name !== ANONYMOUS) return this.user;
    const name = cleanName(username);
    if (name === undefined) {
      const error = `"username" must have at most ${MAX_NAME_LENGTH} characters`;
      throw new FrameError("invalid_frame", error, { clientId });
    }
    return name ? guest(name, user.badge) : this.user;
  }

  #tell(frame: ServerFrame): void {
    this.connection.send(encodeFrame(frame));
  }
}
