import { at } from "../shared/address.js";
import { ask } from "../shared/api.js";
import { dateAndTimeFormat, isToday } from "../shared/dates.js";
import { DesktopNotices } from "./desktop_notices.js";
import { InboxSocket } from "./inbox_socket.js";
import { followMentions } from "./read_mentions.js";
import { followNetwork } from "../shared/connection/network.js";
import { copyOf, part } from "../shared/parts.js";
import { markTitle } from "../shared/title_marks.js";
import { renewPush } from "./push.js";
import { RoomNotices } from "./room_notices.js";
import { followRooms } from "./unread_title.js";

/** @import { Notification } from "./inbox_socket.js" */

/** @typedef {Notification & { read: boolean }} Listed */

const PATH = "/api/notifications";
/** Notifications loaded at a time. */
const PAGE = 30;
/** The most notifications that the server lists at once. */
export const MAX_LISTED = 100;
/** Above this number the badge shows `99+`. */
const MAX_COUNT = 99;

/**
 * Mounts the bell: the number of unread notifications, the panel, and the browser's own notifications.
 * @param {HTMLElement} bell
 * @returns {void}
 */
export function mountBell(bell) {
  const url = new URL(at("/ws/notifications/?batch=1"), location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new InboxSocket({ url, open: (address) => new WebSocket(address), random: Math.random });
  const panel = new BellPanel(bell, socket);
  socket.on("unread", (count) => panel.count(count));
  socket.on("notification", (notification) => panel.announce(notification));
  const notices = new DesktopNotices({ socket, unread });
  notices.mountButton(/** @type {HTMLButtonElement} */ (bell.querySelector("[data-part=bell-allow]")));
  const list = /** @type {HTMLElement | null} */ (document.querySelector("[data-part=list]"));
  if (list) followMentions(list, { socket, unread });
  followRooms(socket);
  const { newOne = "", newMany = "" } = bell.dataset;
  new RoomNotices({
    socket,
    say: (count) => count === 1 ? newOne : newMany.replace("{count}", String(count)),
  });
  followNetwork(socket);
  void renewPush();
  socket.connect();
}

/** The newest unread notifications. @returns {Promise<Listed[]>} */
async function unread() {
  const { body } = await ask("GET", `${PATH}?unread=1&limit=${MAX_LISTED}`);
  return body.notifications ?? [];
}

class BellPanel {
  #bell;
  #panel;
  #socket;
  #template;
  #time;
  #day;
  /** @type {Map<string, HTMLElement>} by id, in the order shown */
  #rows = new Map();
  #isOpen = false;
  #isLoading = false;
  #isStale = false;

  /** @param {HTMLElement} bell @param {InboxSocket} socket */
  constructor(bell, socket) {
    this.#bell = bell;
    this.#socket = socket;
    this.#panel = this.#part("notifications");
    this.#template = /** @type {HTMLTemplateElement} */ (bell.querySelector("[data-template=notification]"));
    const language = document.documentElement.lang;
    this.#time = new Intl.DateTimeFormat(language, { timeStyle: "short" });
    this.#day = dateAndTimeFormat(language);
    const toggled = () => {
      // Browsers without popovers never open it.
      this.#isOpen = "popover" in this.#panel && this.#panel.matches(":popover-open");
      if (this.#isOpen) this.#refresh();
    };
    this.#panel.addEventListener("toggle", toggled);
    this.#part("read-all").addEventListener("click", () => socket.markAllRead());
    this.#part("bell-older").addEventListener("click", () => this.#load([...this.#rows.keys()].at(-1)));
    // The browser opens the panel without this module, perhaps before it ran.
    toggled();
  }

  /** @param {number} count of unread notifications @returns {void} */
  count(count) {
    const badge = this.#part("unread");
    badge.textContent = count > MAX_COUNT ? `${MAX_COUNT}+` : String(count);
    for (const name of ["unread", "unread-words"]) this.#part(name).hidden = !count;
    this.#keepFocus(this.#part("read-all"), this.#panel);
    this.#part("read-all").hidden = !count;
    markTitle("notifications", count);
    this.#refresh();
  }

  /** @param {Notification} notification @returns {void} */
  announce({ title, message }) {
    this.#part("bell-news").textContent = `${title}: ${message}`;
    this.#refresh();
  }

  /** Loads the list if the panel is open, unless it is being loaded: then once more afterwards. @returns {void} */
  #refresh() {
    this.#isStale = true;
    if (this.#isOpen && !this.#isLoading) this.#load();
  }

  /** @param {string} [before] the oldest one shown, to load those before it; otherwise all that are shown are loaded again */
  async #load(before) {
    this.#isLoading = true;
    if (!before) this.#isStale = false;
    const limit = before ? PAGE : Math.min(MAX_LISTED, Math.max(PAGE, this.#rows.size));
    const { ok, body } = await ask("GET", `${PATH}?limit=${limit}${before ? `&before=${before}` : ""}`);
    this.#isLoading = false;
    this.#part("bell-failed").hidden = ok;
    if (ok) this.#show(body, before !== undefined);
    if (this.#isStale && ok) this.#refresh();
  }

  /** @param {{ notifications: Listed[], more: boolean }} page @param {boolean} isOlder */
  #show({ notifications, more }, isOlder) {
    const known = this.#rows;
    const rows = notifications.map((notification) => /** @type {[string, HTMLElement]} */ ([
      notification.id,
      this.#row(known.get(notification.id), notification),
    ]));
    this.#rows = new Map(isOlder ? [...known, ...rows] : rows);
    const list = this.#part("bell-list");
    // A row that is in its position is not moved: it may have the focus.
    let position = list.firstElementChild;
    for (const row of this.#rows.values()) {
      if (row === position) position = position.nextElementSibling;
      else list.insertBefore(row, position);
    }
    while (list.children.length > this.#rows.size) list.lastElementChild?.remove();
    this.#part("bell-empty").hidden = this.#rows.size > 0;
    this.#part("bell-older").hidden = !more;
  }

  /** @param {HTMLElement | undefined} known @param {Listed} notification @returns {HTMLElement} */
  #row(known, notification) {
    const row = known ?? this.#newRow(notification);
    if (notification.read) this.#keepFocus(part("read", row), part("link", row));
    row.toggleAttribute("data-unread", !notification.read);
    return row;
  }

  /**
   * Moves the focus away from an element that is about to be hidden.
   * @param {HTMLElement} element
   * @param {HTMLElement} next
   */
  #keepFocus(element, next) {
    if (document.activeElement === element) next.focus();
  }

  /** @param {Listed} notification @returns {HTMLElement} */
  #newRow({ id, title, message, url, timestamp }) {
    const row = copyOf(this.#template);
    part("name", row).textContent = title;
    part("message", row).textContent = message;
    const time = /** @type {HTMLTimeElement} */ (part("time", row));
    const date = new Date(timestamp);
    time.dateTime = timestamp;
    time.textContent = (isToday(date.getTime()) ? this.#time : this.#day).format(date);
    const link = /** @type {HTMLAnchorElement} */ (part("link", row));
    if (url) link.href = at(url);
    else link.tabIndex = -1;
    if (url.startsWith("http")) Object.assign(link, { target: "_blank", rel: "noopener" });
    link.addEventListener("click", (event) => this.#follow(event, id, link));
    part("read", row).addEventListener("click", () => this.#socket.markRead(id));
    return row;
  }

  /** @param {MouseEvent} event @param {string} id @param {HTMLAnchorElement} link */
  #follow(event, id, link) {
    this.#socket.markRead(id);
    if (!link.href || event.ctrlKey || event.metaKey || event.shiftKey) return;
    // If the link leads to this page, the page goes to the message itself and prevents the default.
    const going = new CustomEvent("follow", { detail: link.href, cancelable: true });
    if (link.target || document.dispatchEvent(going)) return;
    event.preventDefault();
    this.#panel.hidePopover();
  }

  /** @param {string} name @returns {HTMLElement} */
  #part(name) {
    return part(name, this.#bell);
  }
}
