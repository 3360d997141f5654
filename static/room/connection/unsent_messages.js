import { keysOf, readEntry } from "../../shared/storage.js";

/** @import { MessageFile, Quote } from "../../../rooms/protocol.ts" */
/** @import { Store } from "../../shared/storage.js" */
/** @import { Change } from "../changes/change.js" */

/**
 * A message, or the change of one, that the server hasn't accepted yet. `failure` is the server's code if it was refused;
 * then it waits for its author.
 * @typedef {object} Unsent
 * @property {string} clientId
 * @property {string} username the author's name when it was written
 * @property {string} text "" where it is no message
 * @property {number} writtenAt milliseconds since the epoch, different for every message of a tab
 * @property {string} [failure]
 * @property {Quote} [replyTo] the message that it answers
 * @property {readonly MessageFile[]} [files] that it names, which are uploaded
 * @property {Change} [change] what it changes, where it is no message
 */

/**
 * What somebody writes: a message, or the change of one.
 * @typedef {{ text: string, replyTo?: Quote, files?: readonly MessageFile[], change?: Change }} Written
 */

/**
 * The unsent messages and changes of one room, kept in the browser's storage.
 *
 * Each has its own key, so that two tabs in the same room never overwrite each other's messages.
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
      // Under another key it could not be removed, and would be sent on every visit.
      if (unsent && this.#prefix + unsent.clientId === key) this.#unsent.set(unsent.clientId, unsent);
    }
  }

  /** All unsent messages, in the order in which they were written. @returns {Unsent[]} */
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

  /** @param {Written & { username: string }} written @returns {Unsent} */
  add(written) {
    this.#lastWrittenAt = Math.max(Date.now(), this.#lastWrittenAt + 1);
    return this.#store({
      ...written,
      clientId: newClientId(),
      writtenAt: this.#lastWrittenAt,
    });
  }

  /**
   * Notes that a message was refused, or without a code that it is to be sent again.
   * @param {string} clientId
   * @param {string} [failure]
   * @returns {Unsent | undefined}
   */
  setFailure(clientId, failure) {
    const unsent = this.#unsent.get(clientId);
    return unsent && this.#store({ ...unsent, failure });
  }

  /** Whether a message is here. @param {string} clientId @returns {boolean} */
  has(clientId) {
    return this.#unsent.has(clientId);
  }

  /** The messages with this failure. @param {string} failure @returns {string[]} */
  failedBy(failure) {
    return [...this.#unsent.values()].filter((unsent) => unsent.failure === failure)
      .map(({ clientId }) => clientId);
  }

  /** @param {string} clientId @returns {void} */
  remove(clientId) {
    this.#unsent.delete(clientId);
    this.#storage.removeItem(this.#prefix + clientId);
  }

  /**
   * The message that a storage key belongs to; `undefined` for keys of other rooms and other things.
   * @param {string | null} key
   * @returns {string | undefined}
   */
  clientIdOf(key) {
    return key?.startsWith(this.#prefix) ? key.slice(this.#prefix.length) : undefined;
  }

  /** @param {Unsent} unsent @returns {Unsent} */
  #store(unsent) {
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
  const { clientId, username, text, writtenAt, failure, replyTo, files, change } = value;
  const isText = [clientId, username, text].every((part) => typeof part === "string");
  const isQuote = replyTo === undefined || isQuoteOf(replyTo);
  const isChange = change === undefined || typeof change?.id === "string" && CHANGES.has(change.type);
  const isFailure = failure === undefined || typeof failure === "string";
  return isText && isQuote && areFiles(files) && isChange && isFailure && Number.isFinite(writtenAt);
}

/** @param {any} value @returns {value is Quote} */
function isQuoteOf(value) {
  return [value?.id, value?.username, value?.message].every((part) => typeof part === "string");
}

/** Whether something is a list of uploaded files. @param {any} value @returns {value is readonly MessageFile[] | undefined} */
export function areFiles(value) {
  if (value === undefined) return true;
  return Array.isArray(value) &&
    value.every((file) =>
      [file?.id, file?.name, file?.type].every((part) => typeof part === "string") &&
      Number.isFinite(file.size)
    );
}

const CHANGES = new Set(["edit_message", "delete_message", "react", "pin_message"]);

/**
 * 128 random bits as hexadecimal digits. `crypto.randomUUID` is missing on pages without TLS, as in some office networks.
 */
function newClientId() {
  return Array.from(
    crypto.getRandomValues(new Uint8Array(16)),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
}
