import { drawing, DrawQueue } from "./draw_queue.js";
import { HistoryLoader } from "./history_loader.js";
import { HistoryWindow } from "./history_window.js";
import { JoinLeaveLine } from "./join_leave_line.js";
import { mountMessageClicks } from "./message_clicks.js";
import { mountMessageKeys } from "./message_keys.js";
import { MessageRows } from "./message_rows.js";
import { MessageStore } from "./message_store.js";
import { ScrollAnchor } from "./scroll_anchor.js";
import { mountSignWords } from "./sign_words.js";
import { UnreadLine } from "./unread_line.js";

/** @import { Task } from "./draw_queue.js" */
/** @import { ChangedFrame } from "../../../rooms/protocol.ts" */
/** @import { Unsent } from "../connection/unsent_messages.js" */
/** @import { JoinOrLeave, Renaming } from "./join_leave_summary.js" */
/** @import { Arrival } from "../connection/room_events.js" */
/** @import { ListParts } from "./mount_message_list.js" */

/** A page that is open for weeks must not grow without end: older rows are dropped, and loaded again when scrolled to. */
const MAX_ROWS = 1_000;
/** Rows above that, which are dropped together. With a page of older messages that makes 1,200 at most. */
const SPARE_ROWS = 150;
/** Rows are dropped at the end when this much lies below the reader, and loaded again when less is left: pixels. */
const FAR_PX = 10_000;
const NEAR_PX = 400;

/** The room's messages on the page, see `mountMessageList()`. */
export class MessageList {
  #element;
  #rows;
  #store;
  #joinLeaveLine;
  #anchor;
  #unreadLine;
  #drawing;
  #history;
  #window;
  #seenId;
  #wasAtEnd = true;
  #listening = new AbortController();

  /**
   * @param {HTMLElement} element
   * @param {ListParts} parts
   */
  constructor(element, { socket, words, room, account, seenId }) {
    this.#element = element;
    const rows = /** @type {HTMLElement} */ (element.querySelector("[data-part=rows]"));
    this.#rows = new MessageRows(rows, words);
    this.#store = new MessageStore(this.#rows, account);
    this.#history = new HistoryLoader({ socket, rows: this.#rows, store: this.#store });
    this.#window = new HistoryWindow({ room, rows: this.#rows, store: this.#store });
    this.#joinLeaveLine = new JoinLeaveLine(rows, words);
    this.#anchor = new ScrollAnchor(element);
    this.#unreadLine = new UnreadLine(words);
    this.#seenId = seenId;
    this.#drawing = new DrawQueue({
      around: (draw) => this.#anchor.hold(draw),
      done: () => this.#scrolled(),
      isOpening: () => !element.hasAttribute("data-ready"),
    });
    const { signal } = this.#listening;
    element.addEventListener("scroll", () => this.#scrolled(), { passive: true, signal });
    mountMessageClicks(element, { socket, signal });
    mountSignWords(element, signal);
    mountMessageKeys(element, signal);
    element.addEventListener("toend", () => this.#toEnd(), { signal });
    element.addEventListener("goto", (event) => {
      this.#history.setTarget(/** @type {CustomEvent<string>} */ (event).detail, { isLastSeen: false });
      if (element.hasAttribute("data-ready")) this.#goToTarget();
    }, { signal });
    document.addEventListener("visibilitychange", () => this.#visibilityChanged(), { signal });
  }

  /** The messages of the page. @returns {MessageStore} */
  get messages() {
    return this.#store;
  }

  release() {
    this.#listening.abort();
    this.#anchor.release();
  }

  /** @param {Arrival} event @returns {void} */
  receive(event) {
    const { messages, from } = event;
    if (!this.#window.isDetached || from === "older") return this.#drawing.add(this.#drawn(event));
    this.#window.skip(messages);
    const count = messages.filter((message) => !this.#store.isBySelf(message)).length;
    if (count) this.#fire("arrive", count);
  }

  /** @param {Arrival} event @returns {Task} */
  *#drawn({ messages, from, more }) {
    if (from === "older") {
      const loaded = this.#history.receive(messages, more);
      if (!loaded) return;
      messages = loaded;
    }
    const isOpening = !this.#element.hasAttribute("data-ready");
    const isPast = from !== "gap" && from !== "live";
    const fresh = messages.filter(({ id }) => !this.#store.has(id));
    // The newest messages are read first, so they are drawn first.
    for (const message of from === "older" || from === "latest" ? [...messages].reverse() : messages) {
      const { last } = this.#rows;
      this.#store.show(message, from);
      if (this.#rows.last !== last) this.#joinLeaveLine.finish();
      yield message.message.length;
      if (!isPast && this.#rows.length > MAX_ROWS + SPARE_ROWS) {
        yield () => this.#anchor.isAtEnd && this.#dropOldest();
      }
    }
    if (from === "older" || from === "latest") this.#history.hasOlder = more;
    this.#showEnds();
    this.#element.toggleAttribute("data-ready", true);
    const arrived = isPast ? [] : fresh.filter(({ id }) => !this.#store.isOwn(id));
    if (document.hidden && arrived.length && !this.#unreadLine.isDrawn) this.#drawUnreadLine(arrived[0].id);
    yield () => {
      // Screen readers announce new messages only, not the history.
      requestAnimationFrame(() => (this.#element.ariaBusy = "false"));
      if (arrived.length) this.#fire("arrive", arrived.length);
      if (isOpening && this.#seenId && !this.#history.targetId) {
        this.#history.setTarget(this.#seenId, { isLastSeen: true });
      }
      this.#goToTarget();
    };
  }

  /** @param {Unsent} unsent @returns {void} */
  showUnsent(unsent) {
    let isNew = false;
    this.#anchor.hold(() => (isNew = this.#store.showUnsent(unsent)));
    if (!isNew) return;
    if (this.#window.isDetached) this.#toEnd();
    this.#element.removeAttribute("data-empty");
    // Somebody who writes has read what there was.
    this.#anchor.hold(() => this.#unreadLine.remove());
    this.#anchor.toEnd();
  }

  /** @param {string} clientId @param {string | undefined} id @returns {void} */
  settle(clientId, id) {
    this.#anchor.hold(() => {
      this.#store.settle(clientId, id);
      if (this.#element.hasAttribute("data-ready")) this.#showEnds();
    });
  }

  /** @param {readonly string[]} ids @param {boolean} isRecorded @returns {void} */
  record(ids, isRecorded) {
    this.#anchor.hold(() => this.#store.record(ids, isRecorded ? "recorded" : "not_recorded"));
  }

  /** @param {{ frame: ChangedFrame, isForReader: boolean }} change @returns {void} */
  change({ frame, isForReader }) {
    // Behind the messages that came before it.
    this.#drawing.add(drawing(() => this.#store.change(frame, isForReader)));
  }

  /** @param {string} person @returns {void} */
  setPerson(person) {
    this.#store.setPerson(person);
  }

  /** @param {Renaming} renaming @returns {void} */
  showRenaming(renaming) {
    this.#anchor.hold(() => this.#joinLeaveLine.showRenaming(renaming));
  }

  /** @param {JoinOrLeave} change @returns {void} */
  showJoinOrLeave(change) {
    if (!this.#window.isDetached) this.#drawing.add(drawing(() => this.#joinLeaveLine.show(change)));
  }

  /** @returns {void} */
  showDays() {
    this.#anchor.hold(() => this.#rows.showDays());
  }

  /** Runs after every scroll and every drawing. A list that is half drawn says nothing about what was read. */
  #scrolled() {
    if (this.#drawing.isBusy) return;
    this.#dropFarRows();
    this.#loadOlderIfNear();
    this.#loadNewerIfNear();
    this.#fireSeen();
    const isAtEnd = this.#anchor.isAtEnd && !this.#window.isDetached;
    if (isAtEnd !== this.#wasAtEnd) this.#fire("place", isAtEnd);
    this.#wasAtEnd = isAtEnd;
  }

  #visibilityChanged() {
    if (document.hidden) {
      if (this.#anchor.isAtEnd) this.#anchor.hold(() => this.#unreadLine.remove());
      return;
    }
    const row = this.#unreadLine.takeRow();
    if (row) this.#anchor.toRow(row);
    this.#scrolled();
  }

  /** @param {string} id */
  #drawUnreadLine(id) {
    const row = this.#store.itemOf(id)?.row.element;
    if (row) this.#unreadLine.drawAbove(row);
  }

  /** The oldest while the end is in view, the newest while it is far: what is being read stays. */
  #dropFarRows() {
    if (this.#history.targetId || this.#rows.length <= MAX_ROWS) return;
    if (this.#anchor.isAtEnd && !this.#window.isDetached) return this.#dropOldest();
    const isMany = this.#rows.length > MAX_ROWS + SPARE_ROWS;
    if (isMany && this.#anchor.belowPx > FAR_PX) {
      this.#anchor.hold(() => this.#window.dropNewest(MAX_ROWS));
      this.#anchor.isFollowing = !this.#window.isDetached;
    } else if (isMany && this.#window.isDetached) this.#dropOldest();
  }

  #dropOldest() {
    if (this.#history.targetId) return;
    this.#anchor.hold(() => {
      this.#store.dropOldest(MAX_ROWS);
      this.#history.hasOlder = true;
      this.#showEnds();
    });
  }

  async #loadNewerIfNear() {
    if (!this.#window.isDetached || this.#anchor.belowPx > NEAR_PX) return;
    const newer = await this.#window.loadNewer();
    if (!newer) return;
    this.#drawing.add(this.#drawn({ messages: newer.messages, from: "newer", more: false }));
    if (newer.isAll) this.#drawing.add(drawing(() => this.#attach()));
  }

  /** Goes to the room's newest message. */
  async #toEnd() {
    if (this.#window.isDetached) {
      const latest = await this.#window.loadLatest();
      if (!latest) return;
      this.#attach();
      this.#joinLeaveLine.finish();
      this.#drawing.add(this.#drawn({ ...latest, from: "latest" }));
    }
    this.#anchor.toEnd();
  }

  #attach() {
    this.#window.attach();
    this.#anchor.isFollowing = true;
  }

  #showEnds() {
    this.#element.toggleAttribute("data-older", this.#history.hasOlder);
    this.#element.toggleAttribute("data-empty", this.#rows.length === 0);
  }

  #loadOlderIfNear() {
    if (this.#history.hasOlder && this.#anchor.isNearStart) this.#history.load();
  }

  /** Goes to the target, once it is known where it is. */
  #goToTarget() {
    const { targetId: id, isTargetLastSeen: isLastSeen } = this.#history;
    if (!id || this.#history.loadTarget()) return;
    this.#history.setTarget("", { isLastSeen: false });
    if (isLastSeen) return this.#goToUnread();
    const row = this.#store.itemOf(id)?.row;
    if (!row) return this.#fire("gone", "");
    row.goTo();
  }

  /** Draws the line above the first unread message and goes there, unless the reader has scrolled meanwhile. */
  #goToUnread() {
    const first = this.#store.firstUnread(this.#seenId)?.row.element;
    if (!first) return;
    const hasScrolled = !this.#anchor.isAtEnd;
    this.#anchor.hold(() => this.#unreadLine.drawAbove(first));
    const row = this.#unreadLine.takeRow();
    if (!hasScrolled && row) this.#anchor.toRow(row);
    this.#fire("arrive", this.#store.countUnread(this.#seenId));
  }

  #fireSeen() {
    if (
      this.#history.isTargetLastSeen || !this.#anchor.isAtEnd || this.#window.isDetached || document.hidden
    ) {
      return;
    }
    this.#fire("seen", this.#store.newestId);
  }

  /** @param {string} name @param {unknown} detail @returns {void} */
  #fire(name, detail) {
    this.#element.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }
}
