/** Sends plain-text clients what happens in a document: edits by position, arrivals, departures and cursors. */
import * as Y from "yjs";
import type { ServerFrame } from "./plain_frames.ts";
import type { PlainParticipant } from "./plain_participant.ts";
import type { Change } from "./yjs/awareness.ts";

/** The plain-text clients of one document. */
export class PlainAudience {
  readonly #text: Y.Text;
  readonly #members = new Set<PlainParticipant>();
  /** The text that the members have by now; empty while there are none. */
  #sent = "";
  /** The Yjs client ids of each user name, of both kinds of clients. */
  readonly #clients = new Map<string, Set<number>>();

  /** `text` is the document's text. */
  constructor(text: Y.Text) {
    this.#text = text;
  }

  /** The clients that are connected. */
  get members(): ReadonlySet<PlainParticipant> {
    return this.#members;
  }

  /** Adds a client. */
  add(member: PlainParticipant): void {
    if (!this.#members.size) this.#sent = this.#text.toString();
    this.#members.add(member);
  }

  /** Removes a client. */
  remove(member: PlainParticipant): void {
    this.#members.delete(member);
    if (!this.#members.size) this.#sent = "";
  }

  /** Sends a change of the text to all clients but its author's; `user` is called at most once, for the author's name. */
  textChanged(event: Y.YTextEvent, user: () => string): void {
    if (!this.#members.size) return;
    const name = user();
    const { origin } = event.transaction;
    const isOther = (one: PlainParticipant) => one !== origin;
    let at = 0;
    // `event.delta` walks through the whole document: compute it only when somebody needs it.
    for (const { retain = 0, insert, delete: deleted = 0 } of event.delta) {
      at += retain;
      const inserted = typeof insert === "string" ? insert : "";
      const text = inserted || this.#sent.slice(at, at + deleted);
      if (!text) continue;
      const action = inserted ? "insert" : "delete";
      this.#sent = this.#sent.slice(0, at) + inserted + this.#sent.slice(at + deleted);
      this.#send({ type: "edit", user: name, action, position: at, text }, isOther);
      at += inserted.length;
    }
  }

  /** Sends arrivals, departures and cursors to all clients but those of the same user. */
  awarenessChanged(changes: readonly Change[]): void {
    for (const { client, name, state, isNew } of changes) {
      const clients = this.#clients.get(name) ?? new Set();
      const isOther = ({ connection }: PlainParticipant) => connection.user.name !== name;
      if (state && isNew && !clients.size) this.#send({ type: "user_joined", user: name }, isOther);
      if (state) clients.add(client);
      else if (clients.delete(client) && !clients.size) {
        this.#send({ type: "user_left", user: name }, isOther);
      }
      if (clients.size) this.#clients.set(name, clients);
      else this.#clients.delete(name);
      const position = state && this.#positionIn(state);
      if (position !== undefined) this.#send({ type: "cursor", user: name, position }, isOther);
    }
  }

  #positionIn({ cursor }: Readonly<Record<string, unknown>>): number | undefined {
    const { doc } = this.#text;
    if (!this.#members.size || !doc) return;
    if (typeof cursor !== "object" || cursor === null || !("head" in cursor)) return;
    try {
      const relative = Y.createRelativePositionFromJSON(cursor.head);
      const position = Y.createAbsolutePositionFromRelativePosition(relative, doc);
      return position?.type === this.#text ? position.index : undefined;
    } catch {
      // A client may put anything into its state.
    }
  }

  #send(frame: ServerFrame, isRecipient: (member: PlainParticipant) => boolean): void {
    for (const member of this.#members) if (isRecipient(member)) member.send(frame);
  }
}
