/** The clients in plain text frames, and what they are told: edits by positions, who comes and goes, and cursors. */
import * as Y from "yjs";
import type { ServerFrame } from "./plain_frames.ts";
import type { PlainParticipant } from "./plain_participant.ts";
import type { Change } from "./awareness.ts";

export class PlainAudience {
  readonly #text: Y.Text;
  readonly #members = new Set<PlainParticipant>();
  /** The text as they were told it; while there are any. */
  #told = "";
  /** The clients of each name, of both kinds. */
  readonly #here = new Map<string, Set<number>>();

  constructor(text: Y.Text) {
    this.#text = text;
  }

  get members(): ReadonlySet<PlainParticipant> {
    return this.#members;
  }

  add(member: PlainParticipant): void {
    if (!this.#members.size) this.#told = this.#text.toString();
    this.#members.add(member);
  }

  remove(member: PlainParticipant): void {
    this.#members.delete(member);
    if (!this.#members.size) this.#told = "";
  }

  /** Tells what has become of the text, all but whoever it comes from. */
  edited(event: Y.YTextEvent, user: () => string): void {
    if (!this.#members.size) return;
    const name = user();
    const { origin } = event.transaction;
    const isOther = (one: PlainParticipant) => one !== origin;
    let at = 0;
    // To ask for the delta goes through all of the document.
    for (const { retain = 0, insert, delete: deleted = 0 } of event.delta) {
      at += retain;
      const inserted = typeof insert === "string" ? insert : "";
      const text = inserted || this.#told.slice(at, at + deleted);
      if (!text) continue;
      const action = inserted ? "insert" : "delete";
      this.#told = this.#told.slice(0, at) + inserted + this.#told.slice(at + deleted);
      this.#tell({ type: "edit", user: name, action, position: at, text }, isOther);
      at += inserted.length;
    }
  }

  /** Tells of those who came, moved or went, all but themselves. */
  stirred(changes: readonly Change[]): void {
    for (const { client, name, state, isNew } of changes) {
      const those = this.#here.get(name) ?? new Set();
      const isOther = ({ connection }: PlainParticipant) => connection.user.name !== name;
      if (state && isNew && !those.size) this.#tell({ type: "user_joined", user: name }, isOther);
      if (state) those.add(client);
      else if (those.delete(client) && !those.size) this.#tell({ type: "user_left", user: name }, isOther);
      if (those.size) this.#here.set(name, those);
      else this.#here.delete(name);
      const position = state && this.#positionIn(state);
      if (position !== undefined) this.#tell({ type: "cursor", user: name, position }, isOther);
    }
  }

  #positionIn({ cursor }: Readonly<Record<string, unknown>>): number | undefined {
    const { doc } = this.#text;
    if (!this.#members.size || !doc) return;
    if (typeof cursor !== "object" || cursor === null || !("head" in cursor)) return;
    try {
      const place = Y.createRelativePositionFromJSON(cursor.head);
      const position = Y.createAbsolutePositionFromRelativePosition(place, doc);
      return position?.type === this.#text ? position.index : undefined;
    } catch {
      // A client may write into its state whatever it likes.
    }
  }

  #tell(frame: ServerFrame, isMeant: (member: PlainParticipant) => boolean): void {
    for (const member of this.#members) if (isMeant(member)) member.tell(frame);
  }
}
