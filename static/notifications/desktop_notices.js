import { at } from "../shared/address.js";
import { isPushed } from "./push.js";

/** @import { InboxSocket, Notification as Notice } from "./inbox_socket.js" */

/** A notification is shown after this time, unless it was read in another tab or on another device. */
const SHOWN_AFTER_MS = 1_000;

/** The browser's own notifications, for what is still unread while the page is hidden. */
export class DesktopNotices {
  #unread;
  /** @type {Map<string, Notification>} by id, those that are shown */
  #shown = new Map();
  #count = 0;

  /** @param {{ socket: InboxSocket, unread: () => Promise<Notice[]> }} parts `unread` loads the unread notifications */
  constructor({ socket, unread }) {
    this.#unread = unread;
    socket.on("notification", (notice) => {
      if (document.hidden && isAllowed()) setTimeout(() => this.#show(notice), SHOWN_AFTER_MS);
    });
    socket.on("unread", (count) => {
      if (count < this.#count && this.#shown.size) this.#tidy();
      this.#count = count;
    });
  }

  /**
   * Shows a button to allow notifications while that is undecided. The browser asks only after a click on it.
   * @param {HTMLButtonElement} button
   * @returns {void}
   */
  mountButton(button) {
    const show = () => {
      button.hidden = !("Notification" in globalThis) || !isSecureContext ||
        Notification.permission !== "default";
    };
    button.addEventListener("click", async () => {
      await Notification.requestPermission();
      show();
    });
    show();
  }

  /** @param {Notice} notice */
  async #show({ id, title, message, url }) {
    if (!document.hidden || !await this.#isUnread(id)) return;
    // A mention comes as a push, too.
    if (url.includes("?message=") && await isPushed()) return;
    try {
      // Two tabs use the same tag, so that the browser shows one notification.
      const shown = new Notification(title, { body: message, tag: id });
      this.#shown.set(id, shown);
      shown.onclose = () => this.#shown.delete(id);
      shown.onclick = () => {
        focus();
        shown.close();
        if (url) location.assign(at(url));
      };
    } catch {
      // Browsers on Android show none for a page without a service worker.
    }
  }

  /** Closes the notifications that were read elsewhere. */
  async #tidy() {
    const unread = new Set((await this.#unread()).map(({ id }) => id));
    for (const [id, shown] of this.#shown) if (!unread.has(id)) shown.close();
  }

  /** @param {string} id */
  async #isUnread(id) {
    return (await this.#unread()).some((notice) => notice.id === id);
  }
}

function isAllowed() {
  return "Notification" in globalThis && Notification.permission === "granted";
}
