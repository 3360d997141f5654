import { keysOf, readEntry } from "../shared/storage.js";

/** @import { Store } from "../shared/storage.js" */

const PREFIX = "talksheet:visit:";
const NICKNAME = "talksheet:nickname";
/** Older visits are forgotten. */
export const MAX_VISITS = 30;

/**
 * @typedef {{ room: string, visitedAt: number, seenId: string }} Visit `seenId`: the newest message seen, or ""
 */

/** The rooms visited in this browser, and the nickname used there. */
export class Visits {
  #storage;

  /** @param {Store} storage */
  constructor(storage) {
    this.#storage = storage;
  }

  /** @returns {string} "" where none is remembered */
  get nickname() {
    return this.#storage.getItem(NICKNAME) ?? "";
  }

  set nickname(name) {
    this.#storage.setItem(NICKNAME, name);
  }

  /** The visits, the latest first, at most {@link MAX_VISITS}. @returns {Visit[]} */
  all() {
    const visits = keysOf(this.#storage, PREFIX).map((key) => this.#read(key.slice(PREFIX.length)));
    return visits.sort((a, b) => b.visitedAt - a.visitedAt).slice(
      0,
      MAX_VISITS,
    );
  }

  /** @param {string} room @returns {void} */
  enter(room) {
    this.#write({ ...this.#read(room), visitedAt: Date.now() });
    const kept = new Set(this.all().map((visit) => PREFIX + visit.room));
    for (const key of keysOf(this.#storage, PREFIX)) {
      if (!kept.has(key)) this.#storage.removeItem(key);
    }
  }

  /**
   * Notes that a message and all before it have been seen.
   * @param {string} room
   * @param {string} id
   * @returns {void}
   */
  see(room, id) {
    const visit = this.#read(room);
    if (id > visit.seenId) this.#write({ ...visit, seenId: id });
  }

  /** The newest message seen in a room, or "". @param {string} room @returns {string} */
  seenId(room) {
    return this.#read(room).seenId;
  }

  /** @param {string} room @returns {Visit} */
  #read(room) {
    const visit = readEntry(this.#storage, PREFIX + room, isVisit);
    return { visitedAt: 0, seenId: "", ...visit, room };
  }

  /** @param {Visit} visit @returns {void} */
  #write(visit) {
    this.#storage.setItem(PREFIX + visit.room, JSON.stringify(visit));
  }
}

/** @param {any} value @returns {value is Visit} */
function isVisit(value) {
  return Number.isFinite(value.visitedAt) && typeof value.seenId === "string";
}
