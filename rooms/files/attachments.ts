/** The files that messages are about to name: each is read from KV beforehand, so that the message itself waits for nothing. */
import { FrameError, type MessageFile, type NamedFile } from "../protocol.ts";
import { isTellable, type User } from "../user.ts";
import { decodeTime } from "ulid";
import type { FoundFile } from "./file_records.ts";
import { type Files, NAMED_WITHIN_MS } from "./files.ts";

/** The most files remembered at a time. */
const MAX_RECALLED = 1_000;

/** Who names files, and in which message. */
export interface Naming {
  readonly user: User;
  /** The user's id in the room. */
  readonly person: string;
  readonly clientId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The files of messages of one room, while they are said. */
export class Attachments {
  readonly #room: string;
  readonly #files: Pick<Files, "find" | "shown">;
  readonly #recalled = new Map<string, FoundFile | undefined>();
  /** The message that is about to name a file: no other message may name it, even before the first one is durable. */
  readonly #named = new Map<string, string>();

  constructor(room: string, files: Pick<Files, "find" | "shown">) {
    this.#room = room;
    this.#files = files;
  }

  /** Reads these files for {@link of}; `undefined` when nothing has to be read. */
  recall(named: readonly NamedFile[]): Promise<void> | undefined {
    if (named.every(({ id }) => this.#recalled.has(id))) return undefined;
    return this.#recall(named);
  }

  /**
   * The files as they stand in the message; `undefined` when a message has named one of them already, which may be this very
   * message, sent before.
   *
   * @throws {FrameError} when the sender may not name them, or they are gone.
   */
  of(named: readonly NamedFile[], naming: Naming): readonly MessageFile[] | undefined {
    const { user, clientId, now } = naming;
    const refuse = (message: string): never => {
      throw new FrameError("file_refused", message, { clientId });
    };
    const found = named.map(({ id }) => {
      const one = this.#recalled.get(id);
      this.#recalled.delete(id);
      if (!one || one.file.room !== this.#room || !mayName(one, naming)) {
        return refuse("There is no such file");
      }
      if (one.isWaiting && now - decodeTime(id) > NAMED_WITHIN_MS) {
        return refuse("The file is too old: send it again");
      }
      return one;
    });
    const message = clientId === undefined ? crypto.randomUUID() : `${user.id} ${clientId}`;
    const isTaken = ({ id }: NamedFile): boolean => (this.#named.get(id) ?? message) !== message;
    if (found.some(({ isWaiting }) => !isWaiting) || named.some(isTaken)) return undefined;
    for (const { id } of named) this.#named.set(id, message);
    return found.map(({ file }, i) => this.#files.shown(file, named[i].alt));
  }

  async #recall(named: readonly NamedFile[]): Promise<void> {
    if (this.#recalled.size >= MAX_RECALLED) this.#recalled.clear();
    if (this.#named.size >= MAX_RECALLED) this.#named.clear();
    await Promise.all(named.map(async ({ id }) => this.#recalled.set(id, await this.#files.find(id))));
  }
}

/** Guests who can't be told from others of the same name need only know the id, which nobody can guess. */
function mayName({ file }: FoundFile, { user, person }: Naming): boolean {
  return file.by === undefined || !isTellable(user) || file.by === person;
}
