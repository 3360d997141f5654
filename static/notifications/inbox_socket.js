import { Connection } from "../shared/connection/connection.js";
import { Emitter } from "../shared/emitter.js";

/** @import { LastMessage } from "../shared/room_summaries.js" */

/**
 * @typedef {{ id: string, title: string, message: string, url: string, timestamp: string }} Notification
 */

/**
 * What is unread in a room of this account; `last`: its newest message.
 * @typedef {{ room: string, title: string, unread: number, mentions: number, level: "all" | "mentions" | "none", last: LastMessage | null }} RoomUnread
 */

/**
 * @typedef {object} InboxEvents
 * @property {number} connected the number of unread notifications, after each connect; those that came before are not sent
 * @property {number} unread the number of unread notifications, on connect and whenever it changes
 * @property {Notification} notification a new one
 * @property {RoomUnread} room on connect for each room, and whenever it changes
 */

/**
 * The connection for the notifications of this account.
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
      if (frame.type === "room_unread") this.emit("room", frame);
      if (frame.type === "notification") this.emit("notification", frame);
    });
  }

  /** Connects at once, unless connected or refused. @returns {void} */
  connect() {
    this.#connection.connect();
  }

  /** Connects at once, or checks that the connection is alive. @returns {void} */
  wake() {
    this.#connection.wake();
  }

  /** Drops a connection that is known to be dead. @returns {void} */
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
