/** @import { Unsent } from "../connection/unsent_messages.js" */

/** The changes of messages that the server hasn't accepted yet. */
export class PendingChanges {
  /** @type {Map<string, Unsent>} by `clientId` */
  #changes = new Map();

  /** @param {Unsent} unsent @returns {void} */
  add(unsent) {
    this.#changes.set(unsent.clientId, unsent);
  }

  /** Takes a change out; `undefined` when it is no change, or was settled before. @param {string} clientId @returns {Unsent | undefined} */
  take(clientId) {
    const change = this.#changes.get(clientId);
    this.#changes.delete(clientId);
    return change;
  }

  /** Those of one message, in the order in which they were made. @param {string} id @returns {Unsent[]} */
  of(id) {
    return [...this.#changes.values()].filter(({ change }) => change?.id === id)
      .sort((a, b) => a.writtenAt - b.writtenAt);
  }
}
