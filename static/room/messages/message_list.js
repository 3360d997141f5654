import { drawing, DrawQueue } from "./draw_queue.js";
import { HistoryLoader } from "../history/history_loader.js";
import { HistoryWindow } from "../history/history_window.js";
import { GoToMessage } from "../history/go_to_message.js";
import { JoinLeaveLine } from "./join_leave_line.js";
import { mountMessageClicks } from "./message_clicks.js";
import { mountMessageKeys } from "./message_keys.js";
import { MessageRows } from "./message_rows.js";
import { MessageStore } from "./message_store.js";
import { ScrollAnchor } from "./scroll_anchor.js";
import { mountStatusTooltip } from "./status_tooltip.js";
import { UnreadLine } from "./unread_line.js";

/** @import { HistoryPart } from "../history/history_window.js" */
/** @import { Task } from "./draw_queue.js" */
/** @import { ChangedFrame } from "../../../rooms/protocol.ts" */
/** @import { ChatMessage } from "../../shared/connection/frames.js" */
/** @import { Unsent } from "../connection/unsent_messages.js" */
/** @import { JoinOrLeave, Renaming } from "./join_leave_summary.js" */
/** @import { Arrival } from "../connection/room_events.js" */
/** @import { ListParts } from "./mount_message_list.js" */

/** Newer messages are loaded again when less than this lies below the reader: pixels. */
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
  #goToMessage;
  #seenId;
  #wasAtEnd = true;
  /** Whether the reader is to come to the end as soon as there is an answer. */
  #isEndWanted = false;
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
    this.#anchor = new ScrollAnchor(element);
    const held = { rows: this.#rows, store: this.#store };
    this.#history = new HistoryLoader({ ...held, socket });
    this.#window = new HistoryWindow({ ...held, room, anchor: this.#anchor, history: this.#history });
    this.#joinLeaveLine = new JoinLeaveLine(rows, words);
    this.#unreadLine = new UnreadLine(words);
    this.#seenId = seenId;
    this.#drawing = new DrawQueue({
      around: (draw) => this.#anchor.hold(draw),
      done: () => this.#scrolled(),
      isOpening: () => !element.hasAttribute("data-ready"),
    });
    this.#goToMessage = new GoToMessage({
      store: this.#store,
      history: this.#history,
      window: this.#window,
      drawing: this.#drawing,
      anchor: this.#anchor,
      draw: (messages) => this.#drawn(messages),
      gone: () => this.#fire("gone", ""),
    });
    const { signal } = this.#listening;
    element.addEventListener("scroll", () => this.#scrolled(), { passive: true, signal });
    mountMessageClicks(element, { socket, signal });
    mountStatusTooltip(element, signal);
    mountMessageKeys(element, signal);
    element.addEventListener("toend", () => this.#toEnd(), { signal });
    element.addEventListener("goto", (event) => {
      const { detail: id } = /** @type {CustomEvent<string>} */ (event);
      this.#isEndWanted = false;
      if (element.hasAttribute("data-ready")) this.#goToMessage.goTo(id);
      else this.#goToMessage.want(id);
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
    this.#drawing.add(this.#drawn(event));
  }

  /** @param {readonly ChatMessage[]} messages */
  #skip(messages) {
    const fresh = this.#window.skip(messages);
    const count = fresh.filter((message) => !this.#store.isBySelf(message)).length;
    if (count) this.#fire("arrive", count);
    // There was no connection when the reader wrote: now there is one.
    if (this.#isEndWanted && !this.#window.isLoading) this.#toEnd();
  }

  /** @param {Arrival} event @returns {Task} */
  *#drawn({ messages, from, more }) {
    if (from === "older") {
      const loaded = this.#history.receive(messages, more);
      if (!loaded) return;
      messages = loaded;
    }
    const isPast = from !== "gap" && from !== "live";
    if (!isPast && this.#window.isDetached) return this.#skip(messages);
    const isOpening = !this.#element.hasAttribute("data-ready");
    const fresh = messages.filter(({ id }) => !this.#store.has(id));
    // The newest messages are read first, so they are drawn first.
    for (const message of from === "older" || from === "latest" ? [...messages].reverse() : messages) {
      const { last } = this.#rows;
      this.#store.show(message, from);
      if (this.#rows.last !== last) this.#joinLeaveLine.finish();
      yield message.message.length;
      if (!isPast && this.#window.isFull) yield () => this.#anchor.isAtEnd && this.#window.dropOldest();
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
      if (isOpening && !this.#goToMessage.isWanted) this.#history.seenId = this.#seenId;
      this.#goToMessage.opened();
      this.#goToUnread();
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
    if (this.#window.dropFar()) this.#showEnds();
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

  async #loadNewerIfNear() {
    if (!this.#window.isDetached || this.#anchor.belowPx > NEAR_PX) return;
    const newer = await this.#window.loadNewer();
    if (newer) this.#drawing.add(this.#drawnNewer(newer));
  }

  /** @param {HistoryPart & { after: string }} part @returns {Task} */
  *#drawnNewer({ messages, isAll, after }) {
    // Since these were requested, the list has gone elsewhere.
    if (this.#rows.last?.id !== after) return;
    const newer = (isAll ? this.#window.withSkipped(messages) : messages).filter(({ id }) =>
      !this.#store.has(id)
    );
    yield* this.#drawn({ messages: newer, from: "newer", more: false });
    if (isAll) this.#attach();
  }

  /** Goes to the room's newest message. */
  async #toEnd() {
    if (this.#window.isDetached) {
      this.#isEndWanted = true;
      const latest = await this.#window.loadLatest();
      if (!latest) return;
      this.#isEndWanted = false;
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

  /**
   * Once all is loaded that is unread: draws the line above the first of it and goes there, unless the reader has scrolled
   * meanwhile.
   */
  #goToUnread() {
    if (!this.#history.seenId || this.#history.loadSeen()) return;
    this.#history.giveUpSeen();
    const first = this.#store.firstUnread(this.#seenId)?.row.element;
    if (!first) return;
    const hasScrolled = !this.#anchor.isAtEnd;
    this.#anchor.hold(() => this.#unreadLine.drawAbove(first));
    const row = this.#unreadLine.takeRow();
    if (!hasScrolled && row) this.#anchor.toRow(row);
    this.#fire("arrive", this.#store.countUnread(this.#seenId));
  }

  #fireSeen() {
    if (this.#history.seenId || !this.#anchor.isAtEnd || this.#window.isDetached || document.hidden) return;
    this.#fire("seen", this.#store.newestId);
  }

  /** @param {string} name @param {unknown} detail @returns {void} */
  #fire(name, detail) {
    this.#element.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }
}
