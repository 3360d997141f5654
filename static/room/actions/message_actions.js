import { roomPath } from "../../lobby/room_link.js";
import { MAX_QUOTE } from "../changes/change.js";

/** @import { Quote } from "../../../rooms/protocol.ts" */
/** @import { Words } from "../../shared/words.js" */
/** @import { RoomSocket } from "../connection/room_socket.js" */
/** @import { MessageItem } from "../messages/message_row.js" */

/** What can be done with a message besides reacting to it, in the order in which it is offered. */
export const ACTIONS = /** @type {const} */ ([
  "reply",
  "edit",
  "copy_text",
  "copy_message_link",
  "pin",
  "unpin",
  "delete",
]);
/** The reactions that are offered first. */
export const QUICK_EMOJI = ["👍", "❤️", "😂", "😮", "😢", "🙏"];
const MINUTE_MS = 60_000;

/** @typedef {(typeof ACTIONS)[number]} Action */

/**
 * What this visitor may do here. `editMinutes`: for how long authors may change what they said.
 * @typedef {{ mayWrite: boolean, mayChange: boolean, editMinutes: number }} Rights
 */

/**
 * What can be done with a message.
 * @param {MessageItem} item
 * @param {Rights & { isPinned: boolean, now: number }} state `now`: milliseconds since the epoch
 * @returns {Action[]}
 */
export function actionsFor(item, { mayWrite, mayChange, editMinutes, isPinned, now }) {
  if (!item.id || item.isDeleted) return [];
  const isInTime = item.isOwn && now - item.at <= editMinutes * MINUTE_MS;
  /** @type {Record<Action, boolean>} */
  const may = {
    reply: mayWrite,
    edit: mayWrite && isInTime,
    copy_text: true,
    copy_message_link: true,
    pin: mayWrite && mayChange && !isPinned,
    unpin: mayWrite && mayChange && isPinned,
    delete: mayWrite && (mayChange || isInTime),
  };
  return ACTIONS.filter((action) => may[action]);
}

/** What this visitor may do in the page's room. @returns {Rights} */
function rightsHere() {
  const { mayWrite, mayChange, editMinutes } = document.body.dataset;
  return {
    mayWrite: mayWrite !== "false",
    mayChange: mayChange === "true",
    editMinutes: Number(editMinutes),
  };
}

/**
 * @typedef {object} ActionParts
 * @property {RoomSocket} socket
 * @property {Words} words
 * @property {string} room
 * @property {HTMLElement} composer takes `reply` and `edit`
 * @property {(sentence: string) => void} say tells the reader what happened
 */

/** Does with messages what the reader asks for. */
export class MessageActions {
  #parts;
  /** @type {ReadonlySet<string>} */
  #pinned = new Set();

  /** @param {ActionParts} parts */
  constructor(parts) {
    this.#parts = parts;
    parts.socket.on("pins", (messages) => (this.#pinned = new Set(messages.map(({ id }) => id))));
  }

  /** What can be done with a message. @param {MessageItem} item @returns {Action[]} */
  for(item) {
    return actionsFor(item, { ...rightsHere(), isPinned: this.#pinned.has(item.id ?? ""), now: Date.now() });
  }

  /** Whether the reader may react to a message. @param {MessageItem} item @returns {boolean} */
  mayReact(item) {
    return rightsHere().mayWrite && Boolean(item.id) && !item.isDeleted;
  }

  /** Adds or takes back the reader's reaction. @param {MessageItem} item @param {string} emoji @param {boolean} on @returns {void} */
  react(item, emoji, on) {
    if (this.mayReact(item)) this.#parts.socket.change({ type: "react", id: item.id ?? "", emoji, on });
  }

  /** @param {MessageItem} item @param {Action} action @returns {void} */
  run(item, action) {
    const { socket, words, composer } = this.#parts;
    const { id = "" } = item;
    switch (action) {
      case "reply":
        composer.dispatchEvent(new CustomEvent("reply", { detail: quoteOf(item, MAX_QUOTE) }));
        return;
      case "edit":
        composer.dispatchEvent(new CustomEvent("edit", { detail: quoteOf(item, Infinity) }));
        return;
      case "copy_text":
        return void this.#copy(item.text);
      case "copy_message_link": {
        const link = new URL(roomPath(this.#parts.room), location.href);
        link.searchParams.set("message", id);
        return void this.#copy(link.href);
      }
      case "pin":
      case "unpin":
        return socket.change({ type: "pin_message", id, on: action === "pin" });
      case "delete":
        if (confirm(words.say("delete_question"))) socket.change({ type: "delete_message", id });
    }
  }

  /** @param {string} text @returns {Promise<void>} */
  async #copy(text) {
    const { words, say } = this.#parts;
    try {
      await navigator.clipboard.writeText(text);
      say(words.say("copied"));
    } catch {
      // Without TLS there is no clipboard: people copy from a prompt.
      prompt(words.say("copy"), text);
    }
  }
}

/** @param {MessageItem} item @param {number} most characters of its text @returns {Quote} */
function quoteOf({ id = "", username, text }, most) {
  return { id, username, message: most === Infinity ? text : [...text].slice(0, most).join("") };
}
