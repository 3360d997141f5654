import { followDays } from "../../shared/dates.js";
import { JoinLeaveLine } from "./join_leave_line.js";
import { DrawQueue } from "./draw_queue.js";
import { MessageRows } from "./message_rows.js";
import { mountMessageKeys } from "./message_keys.js";
import { ScrollAnchor } from "./scroll_anchor.js";
import { searchStep } from "./jump_step.js";
import { mountSignWords } from "./sign_words.js";
import { MessageStore } from "./message_store.js";
import { UnreadLine } from "./unread_line.js";

/** @import { Piece } from "./draw_queue.js" */
/** @import { Entry } from "./message_row.js" */
/** @import { Unsent } from "../connection/unsent_messages.js" */
/** @import { Move } from "./join_leave_summary.js" */
/** @import { Arrival, RoomSocket } from "../connection/room_socket.js" */
/** @import { Words } from "../../shared/words.js" */

/** Messages asked for at a time on the way to one that is far back. */
const STRIDE = 200;
/** Messages that are loaded at most to open the room where its unread ones begin. */
const MOST_UNREAD = 1_000;
/** How long a message that was looked for stands out. */
const GOAL_MS = 4_000;

/** A page that is open for weeks must not grow with all that is said; what is dropped is loaded again on the way up. */
const MOST_ROWS = 2_000;

/**
 * Shows the room's messages, and fires on `element`: `arrive` (detail: how many messages of others came
 * live, or were unread when the room opened), `seen` (detail: the newest id, when its reader is at the end of the list),
 * `place` (detail: whether the end is to be seen; whenever that changes), `takeback` (detail: a
 * refused message's text), `delete` (detail: the id of a message that is to be deleted) and `gone` (a message that was
 * looked for isn't there). It goes to its end on `toend`, and to a message on `goto` (detail: its id).
 * @param {HTMLElement} element
 * @param {{ socket: RoomSocket, words: Words, account: string, seenId: string }} parts `account`: the name of one's account,
 * or "". `seenId`: the newest message that was
 * seen when its reader was here before, or ""
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
  #unread;
  #drawing;
  #seenId;
  #wasAtEnd = true;
  #hasOlder = false;
  /** The message before which was asked for older ones. @type {string | undefined} */
  #askedBefore;
  /** The message that is looked for, or "". */
  #goal = "";
  /** Whether it is looked for because the unread ones begin after it. */
  #isOpening = false;
  /** Older messages that were passed on the way to it: they are drawn together, once it is there. @type {Arrival["messages"]} */
  #passed = [];
  #listening = new AbortController();

  /**
   * @param {HTMLElement} element
   * @param {{ socket: RoomSocket, words: Words, account: string, seenId: string }} parts
   */
  constructor(element, { socket, words, account, seenId }) {
    this.#element = element;
    this.#socket = socket;
    const rows = /** @type {HTMLElement} */ (element.querySelector("[data-part=rows]"));
    this.#rows = new MessageRows(rows, words);
    this.#transcript = new MessageStore(this.#rows, account);
    this.#door = new JoinLeaveLine(rows, words);
    this.#position = new ScrollAnchor(element);
    this.#unread = new UnreadLine(words);
    this.#seenId = seenId;
    this.#drawing = new DrawQueue({
      around: (draw) => this.#position.hold(draw),
      done: () => this.#scrolled(),
    });
    const { signal } = this.#listening;
    element.addEventListener("scroll", () => this.#scrolled(), { passive: true, signal });
    element.addEventListener(
      "click",
      ({ target }) => this.#clicked(/** @type {Element} */ (target)),
      { signal },
    );
    mountSignWords(element, signal);
    mountMessageKeys(element, signal);
    element.addEventListener("toend", () => this.#position.toEnd(), { signal });
    element.addEventListener("goto", (event) => {
      this.#goal = /** @type {CustomEvent<string>} */ (event).detail;
      this.#isOpening = false;
      if (element.hasAttribute("data-ready")) this.#seek();
    }, { signal });
    document.addEventListener("visibilitychange", () => this.#looked(), { signal });
  }

  release() {
    this.#listening.abort();
    this.#position.release();
  }

  /** @param {Arrival} event @returns {void} */
  receive(event) {
    this.#drawing.add(this.#drawn(event));
  }

  /** @param {Arrival} event @returns {Piece} */
  *#drawn({ messages, from, more }) {
    // The oldest ones were forgotten since these were asked for: between them there would be a gap.
    if (from === "older" && this.#oldest !== this.#askedBefore) return;
    if (from === "older" && this.#goal) {
      messages = [...messages, ...this.#passed];
      this.#passed = messages;
      if (this.#seekOn(more)) return;
      this.#passed = [];
    }
    const isOpening = !this.#element.hasAttribute("data-ready");
    const isPast = from === "older" || from === "latest";
    const fresh = messages.filter(({ id }) => !this.#transcript.has(id));
    // Those that are read first are drawn first.
    for (const message of isPast ? [...messages].reverse() : messages) {
      const { last } = this.#rows;
      this.#transcript.show(message, from);
      if (this.#rows.last !== last) this.#door.finish();
      yield message.message.length;
    }
    if (isPast) this.#hasOlder = more;
    this.#showEnds();
    this.#element.toggleAttribute("data-ready", true);
    const arrived = isPast ? [] : fresh.filter(({ id }) => !this.#transcript.isOwn(id));
    if (document.hidden && arrived.length && !this.#unread.isDrawn) this.#drawUnread(arrived[0].id);
    yield () => {
      // Whoever listens to the page isn't read what was said before, only what comes.
      requestAnimationFrame(() => (this.#element.ariaBusy = "false"));
      if (arrived.length) this.#tell("arrive", arrived.length);
      if (isOpening && this.#seenId && !this.#goal) {
        this.#goal = this.#seenId;
        this.#isOpening = true;
      }
      this.#seek();
    };
  }

  /** @param {Unsent} unsent @returns {void} */
  showUnsent(unsent) {
    let isNew = false;
    this.#position.hold(() => (isNew = this.#transcript.showUnsent(unsent)));
    if (!isNew) return;
    this.#element.removeAttribute("data-empty");
    // Whoever answers has read.
    this.#position.hold(() => this.#unread.remove());
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
    this.#drawing.add(piece(() => this.#transcript.remove(id)));
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
    this.#drawing.add(piece(() => this.#door.show(move)));
  }

  /** @returns {void} */
  showDays() {
    this.#position.hold(() => this.#rows.showDays());
  }

  /** What is half drawn is nowhere to load more from, and nowhere to have read to. */
  #scrolled() {
    if (this.#drawing.isBusy) return;
    this.#forgetOldest();
    this.#wantOlder();
    this.#tellSeen();
    const { isAtEnd } = this.#position;
    if (isAtEnd !== this.#wasAtEnd) this.#tell("place", isAtEnd);
    this.#wasAtEnd = isAtEnd;
  }

  /** Somebody looks at the page, or no more. */
  #looked() {
    if (document.hidden) {
      if (this.#position.isAtEnd) this.#position.hold(() => this.#unread.remove());
      return;
    }
    const row = this.#unread.takeRow();
    if (row) this.#position.toRow(row);
    this.#scrolled();
  }

  /** @param {string} id */
  #drawUnread(id) {
    const row = this.#transcript.rowOf(id);
    if (row) this.#unread.drawAbove(row);
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
    const isThere = this.#transcript.has(goal) || this.#passed.some(({ id }) => id === goal) ||
      (this.#isOpening && this.#passed.length >= MOST_UNREAD);
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
    if (this.#isOpening) return this.#openAtUnread();
    if (!row) return this.#tell("gone", "");
    row.scrollIntoView({ block: "center" });
    row.focus({ preventScroll: true });
    row.toggleAttribute("data-goal", true);
    setTimeout(() => row.removeAttribute("data-goal"), GOAL_MS);
  }

  /** Draws the line above the first unread message and goes there, unless its reader went elsewhere meanwhile. */
  #openAtUnread() {
    this.#isOpening = false;
    const first = this.#transcript.firstUnread(this.#seenId)?.row.element;
    if (!first) return;
    const isUntouched = this.#position.isAtEnd;
    this.#position.hold(() => this.#unread.drawAbove(first));
    const row = this.#unread.takeRow();
    if (isUntouched && row) this.#position.toRow(row);
    this.#tell("arrive", this.#transcript.countUnread(this.#seenId));
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
    if (this.#isOpening || !this.#position.isAtEnd || document.hidden) return;
    this.#tell("seen", this.#transcript.newestId);
  }

  /** @param {string} name @param {unknown} detail @returns {void} */
  #tell(name, detail) {
    this.#element.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }
}

/** What is drawn in one go. @param {() => void} draw @returns {Piece} */
function* piece(draw) {
  draw();
  yield 0;
}
