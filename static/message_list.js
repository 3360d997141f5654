import { followDays } from "./day_change.js";
import { DoorLine } from "./door_line.js";
import { MessageRows } from "./message_rows.js";
import { ReadingPosition } from "./reading_position.js";
import { searchStep } from "./search.js";
import { Transcript } from "./transcript.js";

/** @import { Entry } from "./message_row.js" */
/** @import { Unsent } from "./outbox.js" */
/** @import { Move } from "./gathering.js" */
/** @import { Arrival, RoomSocket } from "./socket.js" */
/** @import { Words } from "./words.js" */

/** Messages asked for at a time on the way to one that is far back. */
const STRIDE = 200;
/** How long a message that was looked for stands out. */
const GOAL_MS = 4_000;

/** A page that is open for weeks must not grow with all that is said; what is dropped is loaded again on the way up. */
const MOST_ROWS = 2_000;

/**
 * Shows the room's messages, and fires on `element`: `arrive` (detail: how many messages of others came
 * live), `seen` (detail: the newest id, when its reader is at the end of the list), `takeback` (detail: a
 * refused message's text), `delete` (detail: the id of a message that is to be deleted) and `gone` (a message that was
 * looked for isn't there). It goes to its end on `toend`, and to a message on `goto` (detail: its id).
 * @param {HTMLElement} element
 * @param {{ socket: RoomSocket, words: Words, account: string }} parts `account`: the name of one's account, or ""
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
    socket.on("deleted", (id) => list.remove(id)),
    socket.on("welcome", ({ person }) => list.know(person)),
    socket.on("presence", (move) => list.showMove(move)),
    socket.on("renamed", (renaming) => list.showName(renaming)),
    followDays(() => list.showDays()),
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
  #transcript;
  #door;
  #position;
  #hasOlder = false;
  /** The message before which was asked for older ones. @type {string | undefined} */
  #askedBefore;
  /** The message that is looked for, or "". */
  #goal = "";
  /** Older messages that were passed on the way to it: they are drawn together, once it is there. @type {Arrival["messages"]} */
  #passed = [];
  #listening = new AbortController();

  /** @param {HTMLElement} element @param {{ socket: RoomSocket, words: Words, account: string }} parts */
  constructor(element, { socket, words, account }) {
    this.#element = element;
    this.#socket = socket;
    const rows = /** @type {HTMLElement} */ (element.querySelector("[data-part=rows]"));
    this.#rows = new MessageRows(rows, words);
    this.#transcript = new Transcript(this.#rows, account);
    this.#door = new DoorLine(rows, words);
    this.#position = new ReadingPosition(element);
    const { signal } = this.#listening;
    element.addEventListener("scroll", () => this.#scrolled(), { passive: true, signal });
    element.addEventListener(
      "click",
      ({ target }) => this.#clicked(/** @type {Element} */ (target)),
      { signal },
    );
    element.addEventListener("toend", () => this.#position.toEnd(), { signal });
    element.addEventListener("goto", (event) => {
      this.#goal = /** @type {CustomEvent<string>} */ (event).detail;
      if (element.hasAttribute("data-ready")) this.#seek();
    }, { signal });
    document.addEventListener("visibilitychange", () => this.#tellSeen(), { signal });
  }

  release() {
    this.#listening.abort();
    this.#position.release();
  }

  /** @param {Arrival} event @returns {void} */
  receive({ messages, from, more }) {
    // The oldest ones were forgotten since these were asked for: between them there would be a gap.
    if (from === "older" && this.#oldest !== this.#askedBefore) return;
    if (from === "older" && this.#goal) {
      messages = [...messages, ...this.#passed];
      this.#passed = messages;
      if (this.#seekOn(more)) return;
      this.#passed = [];
    }
    const fresh = messages.filter(({ id }) => !this.#transcript.has(id));
    this.#position.hold(() => {
      const { last } = this.#rows;
      for (const message of messages) this.#transcript.show(message, from);
      if (this.#rows.last !== last) this.#door.finish();
      if (from === "latest" || from === "older") this.#hasOlder = more;
      this.#showEnds();
      this.#element.toggleAttribute("data-ready", true);
    });
    // Whoever listens to the page isn't read what was said before, only what comes.
    requestAnimationFrame(() => (this.#element.ariaBusy = "false"));
    const arrived = from === "older" || from === "latest"
      ? 0
      : fresh.filter(({ id }) => !this.#transcript.isOwn(id)).length;
    if (arrived) this.#tell("arrive", arrived);
    this.#seek();
    this.#scrolled();
  }

  /** @param {Unsent} unsent @returns {void} */
  showUnsent(unsent) {
    let isNew = false;
    this.#position.hold(() => (isNew = this.#transcript.showUnsent(unsent)));
    if (!isNew) return;
    this.#element.removeAttribute("data-empty");
    this.#position.toEnd();
  }

  /** @param {string} clientId @param {string | undefined} id @returns {void} */
  settle(clientId, id) {
    this.#position.hold(() => {
      this.#transcript.settle(clientId, id);
      if (this.#element.hasAttribute("data-ready")) this.#showEnds();
    });
  }

  /** @param {readonly string[]} ids @param {Entry["state"]} state @returns {void} */
  record(ids, state) {
    this.#position.hold(() => this.#transcript.record(ids, state));
  }

  /** @param {string} id @returns {void} */
  remove(id) {
    this.#position.hold(() => this.#transcript.remove(id));
  }

  /** @param {string} person @returns {void} */
  know(person) {
    this.#transcript.know(person);
  }

  /** @param {{ person: string, from: string, to: string }} renaming @returns {void} */
  showName(renaming) {
    this.#position.hold(() => this.#door.showName(renaming));
  }

  /** @param {Move} move @returns {void} */
  showMove(move) {
    this.#position.hold(() => this.#door.show(move));
  }

  /** @returns {void} */
  showDays() {
    this.#position.hold(() => this.#rows.showDays());
  }

  #scrolled() {
    this.#forgetOldest();
    this.#wantOlder();
    this.#tellSeen();
  }

  /** Only at the end: whoever reads further up has just asked for what would go. */
  #forgetOldest() {
    if (this.#goal || this.#rows.length <= MOST_ROWS || !this.#position.isAtEnd) return;
    this.#position.hold(() => {
      this.#transcript.forgetOldest(MOST_ROWS);
      this.#hasOlder = true;
      this.#showEnds();
    });
  }

  #showEnds() {
    this.#element.toggleAttribute("data-older", this.#hasOlder);
    this.#element.toggleAttribute("data-empty", this.#rows.length === 0);
  }

  #wantOlder() {
    const oldest = this.#rows.first?.id;
    if (this.#hasOlder && oldest && this.#position.isNearStart) this.#askOlder(oldest);
  }

  /** @param {string} oldest @param {number} [count] */
  #askOlder(oldest, count) {
    this.#askedBefore = oldest;
    this.#socket.askOlder(oldest, count);
  }

  /** The oldest message that is here, drawn or not. */
  get #oldest() {
    return this.#passed[0]?.id ?? this.#rows.first?.id;
  }

  /**
   * Asks for older messages, where the goal may be among them.
   * @param {boolean} hasOlder
   * @returns {boolean} whether it did
   */
  #seekOn(hasOlder) {
    const goal = this.#goal;
    const isThere = this.#transcript.has(goal) || this.#passed.some(({ id }) => id === goal);
    const oldest = this.#oldest;
    const isFurther = searchStep(goal, { isThere, oldest, hasOlder }) === "older";
    if (isFurther && oldest) this.#askOlder(oldest, STRIDE);
    return isFurther;
  }

  /** Goes to the goal, as soon as it is known where it is. */
  #seek() {
    if (!this.#goal || this.#seekOn(this.#hasOlder)) return;
    const row = this.#transcript.rowOf(this.#goal);
    this.#goal = "";
    if (!row) return this.#tell("gone", "");
    row.scrollIntoView({ block: "center" });
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.toggleAttribute("data-goal", true);
    setTimeout(() => row.removeAttribute("data-goal"), GOAL_MS);
  }

  /** @param {Element} target @returns {void} */
  #clicked(target) {
    const action = /** @type {HTMLElement | null} */ (target.closest("[data-action]"))
      ?.dataset.action;
    const row = /** @type {HTMLElement | null} */ (target.closest("[data-id], [data-client-id]"));
    const clientId = row?.dataset.clientId ?? "";
    if (action === "retry") this.#socket.retry(clientId);
    if (action === "delete") this.#tell("delete", row?.dataset.id ?? "");
    if (action === "take-back") {
      this.#tell("takeback", this.#socket.takeBack(clientId));
    }
  }

  #tellSeen() {
    if (!this.#position.isAtEnd || document.hidden) return;
    this.#tell("seen", this.#transcript.newestId);
  }

  /** @param {string} name @param {unknown} detail @returns {void} */
  #tell(name, detail) {
    this.#element.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }
}
