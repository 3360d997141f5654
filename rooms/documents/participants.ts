/** All connections to one document at one isolate: Yjs clients and plain-text clients, behind one interface. */
import type * as Y from "yjs";
import type { Change } from "./yjs/awareness.ts";
import type { Connection, Participant, ParticipantHost } from "./participant.ts";
import { PlainAudience } from "./plain_audience.ts";
import { PlainParticipant } from "./plain_participant.ts";
import { SyncParticipant } from "./sync_participant.ts";

/** Connections to one document at one isolate. */
const MAX_PARTICIPANTS = 100;

/** The participants of one document. */
export class Participants {
  readonly #sync = new Set<SyncParticipant>();
  readonly #plain: PlainAudience;
  /** Every participant, with the function that removes it from its group. */
  readonly #all = new Map<Participant, () => void>();

  /** `text` is the document's text, which plain-text clients receive by positions. */
  constructor(text: Y.Text) {
    this.#plain = new PlainAudience(text);
  }

  /** Adds a connection; `undefined` when there are {@link MAX_PARTICIPANTS} already. */
  join(connection: Connection, kind: "yjs" | "plain", host: ParticipantHost): Participant | undefined {
    if (this.#all.size >= MAX_PARTICIPANTS) return undefined;
    if (kind === "yjs") {
      const participant = new SyncParticipant(connection, host);
      this.#sync.add(participant);
      this.#all.set(participant, () => this.#sync.delete(participant));
      return participant;
    }
    const participant = new PlainParticipant(connection, host);
    this.#plain.add(participant);
    this.#all.set(participant, () => this.#plain.remove(participant));
    participant.begin();
    return participant;
  }

  /** Removes a participant and stops its timers. */
  leave(participant: Participant): void {
    this.#all.get(participant)?.();
    this.#all.delete(participant);
    participant.leave();
  }

  /** Whether a participant has joined and not left. */
  has(participant: Participant): boolean {
    return this.#all.has(participant);
  }

  /** Iterates over all participants. */
  [Symbol.iterator](): IterableIterator<Participant> {
    return this.#all.keys();
  }

  /** Sends frames of the sync and awareness protocol to the Yjs clients. */
  send(frames: readonly Uint8Array<ArrayBuffer>[]): void {
    for (const participant of this.#sync) participant.send(frames);
  }

  /** Sends a change of the text to the plain-text clients; `user` is called at most once, for the author's name. */
  textChanged(event: Y.YTextEvent, user: () => string): void {
    this.#plain.textChanged(event, user);
  }

  /** Sends arrivals, departures and cursors to the plain-text clients. */
  awarenessChanged(changes: readonly Change[]): void {
    this.#plain.awarenessChanged(changes);
  }

  /** Renews the awareness states that the server keeps for plain-text clients, before they would expire. */
  renewAwareness(): Change[] {
    return Array.from(this.#plain.members, (member) => member.renewAwareness()).flat();
  }
}
