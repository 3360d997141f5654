import { Connection } from "../shared/connection/connection.js";
import { Emitter } from "../shared/emitter.js";

/**
 * @typedef {{ id: string, title: string, message: string, url: string, timestamp: string }} Notification
 */

/**
 * @typedef {object} InboxEvents
 * @property {number} connected how many are unread, after each connecting; what came before is not told
 * @property {number} unread how many are unread, at first and whenever it is another
 * @property {Notification} notification one has come
 */

/**
 * The connection to one's own notifications.
 * @extends {Emitter<InboxEvents>}
 */
export class InboxSocket extends Emitter {
  #connection;
  #isNew = true;

  /**
   * @param {object} parts
   * @param {URL} parts.url
   * @param {(address: URL) => WebSocket} parts.open
   * @param {() => number} parts.random from 0 up to 1
   */
  constructor({ url, open, random }) {
    super();
    this.#connection = new Connection({ address: () => url, open, random });
    this.#connection.on("lost", () => (this.#isNew = true));
    this.#connection.on("frame", (/** @type {any} */ frame) => {
      if (frame.type === "unread_count") {
        this.#connection.succeed();
        this.emit("unread", frame.count);
        if (this.#isNew) this.emit("connected", frame.count);
        this.#isNew = false;
      }
      if (frame.type === "notification") this.emit("notification", frame);
    });
  }

  /** Connects at once, unless connected or refused. @returns {void} */
  connect() {
    this.#connection.connect();
  }

  /** Connects at once, or finds out whether the connection is still alive. @returns {void} */
  wake() {
    this.#connection.wake();
  }

  /** Drops a connection that can't be alive any more. @returns {void} */
  drop() {
    this.#connection.drop();
  }

  /** @param {string} id @returns {void} */
  markRead(id) {
    this.#connection.send({ type: "mark_read", notification_id: id });
  }

  /** @returns {void} */
  markAllRead() {
    this.#connection.send({ type: "mark_all_read" });
  }
}
