/** @import { ChangedFrame } from "../../../rooms/protocol.ts" */

/** Messages whose changes are kept. */
const MAX_MESSAGES = 1_000;

/** A change of a message, as the server told it. @typedef {{ frame: ChangedFrame, isForReader: boolean }} ToldChange */

/**
 * The changes of messages that were told last. A part of the history that is on its way may have been read before them: what
 * it brings is shown with its changes.
 */
export class ToldChanges {
  /** @type {Map<string, ToldChange[]>} by the message's id, what was changed last at the end */
  #changes = new Map();
  #isOwn;

  /** @param {(frame: ChangedFrame) => boolean} isOwn whether a frame tells of a reaction of this visitor */
  constructor(isOwn) {
    this.#isOwn = isOwn;
  }

  /** @param {string} id the message's @param {ToldChange} change @returns {void} */
  note(id, change) {
    // The last frame of each kind tells all, except which reactions are this visitor's.
    const before = this.of(id).filter(({ frame }) => frame.type !== change.frame.type || this.#isOwn(frame));
    this.#changes.delete(id);
    this.#changes.set(id, [...before, change]);
    for (const oldest of this.#changes.keys()) {
      if (this.#changes.size <= MAX_MESSAGES) return;
      this.#changes.delete(oldest);
    }
  }

  /** The changes of a message, in the order in which they were told. @param {string} id @returns {readonly ToldChange[]} */
  of(id) {
    return this.#changes.get(id) ?? [];
  }
}
