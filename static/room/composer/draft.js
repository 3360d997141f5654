import { readEntry } from "../../shared/storage.js";
import { areFiles } from "../connection/unsent_messages.js";

/** @import { MessageFile, Quote } from "../../../rooms/protocol.ts" */
/** @import { Store } from "../../shared/storage.js" */

/**
 * What the composer is for besides a new message: an answer to a message, or another text for one's own. `text`: what was
 * written for that so far; the draft of a new message stays beside it.
 * @typedef {{ kind: "reply", quote: Quote } | { kind: "edit", quote: Quote, text: string }} Purpose
 */

/** What was written but not sent in one room, kept in the browser. */
export class Draft {
  #storage;
  #key;
  #purposeKey;
  #filesKey;

  /** @param {Store} storage @param {string} room */
  constructor(storage, room) {
    this.#storage = storage;
    this.#key = `talksheet:draft:${room}`;
    this.#purposeKey = `talksheet:purpose:${room}`;
    this.#filesKey = `talksheet:files:${room}`;
  }

  /** @returns {string} */
  get text() {
    return this.#storage.getItem(this.#key) ?? "";
  }

  set text(text) {
    this.#keep(this.#key, text);
  }

  /** @returns {Purpose | undefined} */
  get purpose() {
    return readEntry(this.#storage, this.#purposeKey, isPurpose);
  }

  set purpose(purpose) {
    this.#keep(this.#purposeKey, purpose ? JSON.stringify(purpose) : "");
  }

  /** The files that are uploaded for the message. @returns {readonly MessageFile[]} */
  get files() {
    return readEntry(this.#storage, this.#filesKey, areFiles) ?? [];
  }

  set files(files) {
    this.#keep(this.#filesKey, files.length ? JSON.stringify(files) : "");
  }

  /** @param {string} key @param {string} text */
  #keep(key, text) {
    if (text) this.#storage.setItem(key, text);
    else this.#storage.removeItem(key);
  }
}

/** @param {any} value @returns {value is Purpose} */
function isPurpose(value) {
  const { kind, quote, text } = value;
  const isQuote = ["id", "username", "message"].every((field) => typeof quote?.[field] === "string");
  return isQuote && (kind === "reply" || kind === "edit" && typeof text === "string");
}
