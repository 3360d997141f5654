import { DoorLine } from "./door_line.js";
import { MessageRows } from "./message_rows.js";
import { ReadingPosition } from "./reading_position.js";

/** @import { ChatMessage } from "./frames.js" */
/** @import { Entry } from "./message_row.js" */
/** @import { Unsent } from "./outbox.js" */
/** @import { Arrival, RoomSocket } from "./socket.js" */
/** @import { Words } from "./words.js" */

const MOST_RECORDED_IDS = 1_000;

/**
 * Shows the room's messages, and fires on `element`: `arrive` (detail: how many messages of others came
 * live), `seen` (detail: the newest id, when its reader is at the end of the list) and `takeback` (detail: a
 * refused message's text).
 * @param {HTMLElement} element
 * @param {{ socket: RoomSocket, words: Words, username: string }} parts
 * @returns {() => void} unmounts
 */
export function mountMessageList(element, parts) {
  const list = new MessageList(element, parts);
  const { socket } = parts;
  const offs = [
    socket.on("messages", (event) => list.receive(event)),
    socket.on("unsent", (unsent) => list.showUnsent(unsent)),
    socket.on("settled", ({ clientId, id }) => list.settle(clientId, id)),
    socket.on(
      "recorded",
      ({ ids, isRecorded }) => list.record(ids, isRecorded ? "recorded" : "not_recorded"),
    ),
    socket.on("presence", (move) => list.showMove(move)),
  ];
  socket.showUnsent();
  return () => {
    offs.forEach((off) => off());
    list.release();
  };
}

class MessageList {
  #element;
  #socket;
  #rows;
  #door;
  #position;
  /** @type {Map<string, Entry>} by the server's id */
  #byId = new Map();
  /** @type {Map<string, Entry>} by ours, until it is settled */
  #unsettled = new Map();
  /** @type {Set<string>} */
  #ownNames;
  /**
   * What the sheet did with messages that may still be on their way here in a history.
   * @type {Map<string, Entry["state"]>}
   */
  #recorded = new Map();
  #hasOlder = false;
  #newestId = "";
  #listening = new AbortController();

  /** @param {HTMLElement} element @param {{ socket: RoomSocket, words: Words, username: string }} parts */
  constructor(element, { socket, words, username }) {
    this.#element = element;
    this.#socket = socket;
    this.#ownNames = new Set([username]);
    const rows = /** @type {HTMLElement} */ (element.querySelector("[data-part=rows]"));
    this.#rows = new MessageRows(rows, words);
    this.#door = new DoorLine(rows, words);
    this.#position = new ReadingPosition(element);
    const { signal } = this.#listening;
    element.addEventListener("scroll", () => this.#scrolled(), {
      passive: true,
      signal,
    });
    element.addEventListener(
      "click",
      ({ target }) => this.#clicked(/** @type {Element} */ (target)),
      { signal },
    );
    element.addEventListener("toend", () => this.#position.toEnd(), { signal });
    document.addEventListener("visibilitychange", () => this.#tellSeen(), { signal });
  }

  release() {
    this.#listening.abort();
    this.#position.release();
  }

  /** @param {Arrival} event @returns {void} */
  receive({ messages, from, more }) {
    const fresh = messages.filter((message) => !this.#byId.has(message.id));
    this.#position.hold(() => {
      for (const message of messages) this.#show(message, from);
      if (from === "latest" || from === "older") this.#hasOlder = more;
      this.#element.toggleAttribute("data-older", this.#hasOlder);
      this.#element.toggleAttribute("data-empty", this.#rows.length === 0);
      this.#element.toggleAttribute("data-ready", true);
    });
    // Whoever listens to the page isn't read what was said before, only what comes.
    requestAnimationFrame(() => (this.#element.ariaBusy = "false"));
    const arrived = from === "older" || from === "latest"
      ? 0
      : fresh.filter(({ id }) => !this.#byId.get(id)?.isOwn).length;
    if (arrived) this.#tell("arrive", arrived);
    this.#tellSeen();
    this.#wantOlder();
  }

  /** @param {Unsent} unsent @returns {void} */
  showUnsent({ clientId, text, writtenAt, failure }) {
    const isNew = !this.#unsettled.has(clientId);
    const entry = this.#unsettled.get(clientId) ?? this.#newUnsettled(clientId, text, writtenAt);
    entry.state = failure ? "failed" : "sending";
    entry.failure = failure;
    this.#position.hold(() => entry.row.showState(entry));
    if (isNew) this.#position.toEnd();
  }

  /** @param {string} clientId @param {string | undefined} id @returns {void} */
  settle(clientId, id) {
    const entry = this.#unsettled.get(clientId);
    this.#unsettled.delete(clientId);
    // An entry with an id has become the row of a message from a history already.
    if (!entry || entry.id) return;
    // Without an id its author took it back; with that of a message that stands already it would stand twice.
    if (!id || this.#byId.has(id)) {
      return this.#position.hold(() => this.#rows.remove(entry));
    }
    this.#byId.set(id, entry);
    Object.assign(entry, { id, state: this.#recorded.get(id) ?? "delivered" });
    entry.row.showState(entry);
  }

  /** @param {readonly string[]} ids @param {Entry["state"]} state @returns {void} */
  record(ids, state) {
    for (const id of ids) {
      this.#recorded.set(id, state);
      const entry = this.#byId.get(id);
      if (entry) {
        this.#position.hold(() => entry.row.showState(Object.assign(entry, { state })));
      }
    }
    for (const id of [...this.#recorded.keys()].slice(0, -MOST_RECORDED_IDS)) {
      this.#recorded.delete(id);
    }
  }

  /** @param {{ user: string, isHere: boolean }} move @returns {void} */
  showMove(move) {
    this.#position.hold(() => this.#door.show(move));
  }

  /** @param {ChatMessage} message @param {Arrival["from"]} from @returns {void} */
  #show(message, from) {
    const { id, username, message: text } = message;
    const at = Date.parse(message.timestamp);
    const state = message.not_recorded
      ? "not_recorded"
      : message.recorded
      ? "recorded"
      : this.#recorded.get(id);
    const known = this.#byId.get(id) ??
      (from === "gap" || from === "latest" ? this.#alreadySent(message) : undefined);
    if (known?.isOwn) this.#ownNames.add(username);
    const isOwn = known?.isOwn ?? this.#ownNames.has(username);
    const facts = {
      order: `0${message.seq}`,
      id,
      username,
      text,
      at,
      isOwn,
      state: state ?? "delivered",
    };
    if (known) return this.#confirm(known, facts);
    const entry = this.#rows.create(facts);
    this.#byId.set(id, entry);
    if (id > this.#newestId) this.#newestId = id;
    this.#rows.place(entry);
    if (entry === this.#rows.last) this.#door.finish();
  }

  /**
   * A message that the server had taken before the connection broke, but whose ack was lost: it comes back as
   * history before its resend is answered, and must not stand beside itself until then.
   * @param {ChatMessage} message
   * @returns {Entry | undefined}
   */
  #alreadySent({ username, message }) {
    if (!this.#ownNames.has(username)) return undefined;
    return [...this.#unsettled.values()].find((entry) =>
      !entry.id && entry.text === message && entry.state === "sending"
    );
  }

  /** @param {Entry} entry @param {Omit<Entry, "row">} facts @returns {void} */
  #confirm(entry, facts) {
    const isSettled = entry.state === "recorded" ||
      entry.state === "not_recorded";
    const hasMoved = entry.order !== facts.order;
    const hasChanged = entry.text !== facts.text ||
      entry.username !== facts.username;
    if (hasMoved) this.#rows.lift(entry);
    Object.assign(entry, facts, {
      state: isSettled ? entry.state : facts.state,
    });
    const { id = "" } = facts;
    this.#byId.set(id, entry);
    if (id > this.#newestId) this.#newestId = id;
    if (hasChanged) entry.row.write(entry);
    entry.row.showState(entry);
    if (hasMoved) this.#rows.place(entry);
  }

  /** @param {string} clientId @param {string} text @param {number} at @returns {Entry} */
  #newUnsettled(clientId, text, at) {
    const [username = ""] = this.#ownNames;
    const entry = this.#rows.create({
      order: `1${at}`,
      clientId,
      username,
      text,
      at,
      isOwn: true,
      state: "sending",
    });
    this.#unsettled.set(clientId, entry);
    this.#element.removeAttribute("data-empty");
    this.#rows.place(entry);
    return entry;
  }

  #scrolled() {
    this.#wantOlder();
    this.#tellSeen();
  }

  #wantOlder() {
    const oldest = this.#rows.first?.id;
    if (this.#hasOlder && oldest && this.#position.isNearStart) {
      this.#socket.askOlder(oldest);
    }
  }

  /** @param {Element} target @returns {void} */
  #clicked(target) {
    const action = /** @type {HTMLElement | null} */ (target.closest("[data-action]"))
      ?.dataset.action;
    const row = /** @type {HTMLElement | null} */ (target.closest("[data-client-id]"));
    const clientId = row?.dataset.clientId ?? "";
    if (action === "retry") this.#socket.retry(clientId);
    if (action === "take-back") {
      this.#tell("takeback", this.#socket.takeBack(clientId));
    }
  }

  #tellSeen() {
    if (!this.#position.isAtEnd || document.hidden) return;
    this.#tell("seen", this.#newestId);
  }

  /** @param {string} name @param {unknown} detail @returns {void} */
  #tell(name, detail) {
    this.#element.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }
}
