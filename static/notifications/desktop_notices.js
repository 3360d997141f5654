import { at } from "../shared/address.js";

/** @import { InboxSocket, Notification as Notice } from "./inbox_socket.js" */

/** Whoever is looking at another tab has read it by then. */
const PATIENCE_MS = 1_000;

/** The browser's own notifications: while nobody looks at this page, of what isn't read anywhere else. */
export class DesktopNotices {
  #unread;
  /** @type {Map<string, Notification>} by id, those that are shown */
  #shown = new Map();
  #count = 0;

  /** @param {{ socket: InboxSocket, unread: () => Promise<Notice[]> }} parts `unread`: what is, as of now */
  constructor({ socket, unread }) {
    this.#unread = unread;
    socket.on("notification", (notice) => {
      if (document.hidden && isAllowed()) setTimeout(() => this.#show(notice), PATIENCE_MS);
    });
    socket.on("unread", (count) => {
      if (count < this.#count && this.#shown.size) this.#tidy();
      this.#count = count;
    });
  }

  /**
   * Lets a person allow them, where that is still to be decided: nobody is asked who hasn't asked for it.
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
    try {
      // The same tag in two tabs is one notification.
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

  /** Takes away what was read elsewhere. */
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
