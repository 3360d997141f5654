import { keysOf, readEntry } from "../../shared/storage.js";

/** @import { Store } from "../../shared/storage.js" */

/**
 * A message that the server hasn't taken yet. `failure` is the server's code when it refused it; such a
 * message waits for its author.
 * @typedef {object} Unsent
 * @property {string} clientId
 * @property {string} username under which it was written
 * @property {string} text
 * @property {number} writtenAt milliseconds since the epoch, different for every message of a tab
 * @property {string} [failure]
 */

/**
 * The unsent messages of one room, kept in the browser's storage.
 *
 * Each has a key of its own, so that two tabs in the same room never write over each other's.
 */
export class UnsentMessages {
  #storage;
  #prefix;
  /** @type {Map<string, Unsent>} */
  #unsent = new Map();
  #lastWrittenAt = 0;

  /** @param {Store} storage @param {string} room */
  constructor(storage, room) {
    this.#storage = storage;
    this.#prefix = `talksheet:unsent:${room}:`;
    for (const key of keysOf(storage, this.#prefix)) {
      const unsent = readEntry(storage, key, isUnsent);
      // Under another key it couldn't be forgotten, and would be sent with every visit.
      if (unsent && this.#prefix + unsent.clientId === key) this.#unsent.set(unsent.clientId, unsent);
    }
  }

  /** Everything unsent, in the order it was written. @returns {Unsent[]} */
  all() {
    return [...this.#unsent.values()].sort((a, b) => a.writtenAt - b.writtenAt);
  }

  /** The next message to send. @returns {Unsent | undefined} */
  next() {
    return this.all().find((unsent) => !unsent.failure);
  }

  /** @param {string} clientId @returns {Unsent | undefined} */
  get(clientId) {
    return this.#unsent.get(clientId);
  }

  /** @param {string} text @param {string} username @returns {Unsent} */
  add(text, username) {
    this.#lastWrittenAt = Math.max(Date.now(), this.#lastWrittenAt + 1);
    return this.#keep({
      clientId: newClientId(),
      username,
      text,
      writtenAt: this.#lastWrittenAt,
    });
  }

  /**
   * Marks a message as refused, or with no code as to be tried again.
   * @param {string} clientId
   * @param {string} [failure]
   * @returns {Unsent | undefined}
   */
  mark(clientId, failure) {
    const unsent = this.#unsent.get(clientId);
    return unsent && this.#keep({ ...unsent, failure });
  }

  /** @param {string} clientId @returns {void} */
  remove(clientId) {
    this.#unsent.delete(clientId);
    this.#storage.removeItem(this.#prefix + clientId);
  }

  /**
   * Which message a storage key holds, where it is one of this room's.
   * @param {string | null} key
   * @returns {string | undefined}
   */
  clientIdOf(key) {
    return key?.startsWith(this.#prefix) ? key.slice(this.#prefix.length) : undefined;
  }

  /** @param {Unsent} unsent @returns {Unsent} */
  #keep(unsent) {
    this.#unsent.set(unsent.clientId, unsent);
    this.#storage.setItem(
      this.#prefix + unsent.clientId,
      JSON.stringify(unsent),
    );
    return unsent;
  }
}

/** @param {any} value @returns {value is Unsent} */
function isUnsent(value) {
  const { clientId, username, text, writtenAt, failure } = value;
  const isText = [clientId, username, text].every((part) => typeof part === "string");
  return isText && Number.isFinite(writtenAt) && (failure === undefined || typeof failure === "string");
}

/**
 * 128 random bits. `crypto.randomUUID` is missing on pages without TLS, which a chat in an office network may
 * be.
 */
function newClientId() {
  return Array.from(
    crypto.getRandomValues(new Uint8Array(16)),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
}
