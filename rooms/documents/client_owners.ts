/** Which user may edit under a Yjs client id, so that nobody makes edits in somebody else's name. */
import type { DocumentAwareness } from "./yjs/awareness.ts";
import type { Participant, UpdateKind } from "./participant.ts";

/** The owners of the client ids of one document. */
export class ClientOwners {
  readonly #awareness: DocumentAwareness;
  /** The participant that announced a client id or edited under it, while it is connected. */
  readonly #owners = new Map<number, Participant>();

  /** `awareness` knows the users of other isolates, and those whose connection ended a moment ago. */
  constructor(awareness: DocumentAwareness) {
    this.#awareness = awareness;
  }

  /** Gives a client id to the participant that has just announced it. */
  announced(client: number, by: Participant): void {
    this.#owners.set(client, by);
  }

  /** Gives a client id to the participant that edits under it, unless it has an owner. */
  edited(client: number, by: Participant): void {
    if (!this.#owners.has(client)) this.#owners.set(client, by);
  }

  /** Frees the client ids of a participant that has left. */
  leave(participant: Participant): void {
    for (const [client, owner] of this.#owners) if (owner === participant) this.#owners.delete(client);
  }

  /** Whether a client id belongs to another user than the sender of an update under it. */
  isAnothers(client: number, by: Participant, kind: UpdateKind): boolean {
    const user = this.#owners.get(client)?.connection.user.id ??
      (kind === "last answer" ? this.#awareness.presentUserOf(client) : this.#awareness.userOf(client));
    return user !== undefined && user !== by.connection.user.id;
  }
}
