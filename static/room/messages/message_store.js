import { requoted, withChange, withTold } from "../changes/change.js";
import { ToldChanges } from "../changes/told_changes.js";
import { hasPlace, itemOfMessage, itemOfUnsent } from "./message_items.js";
import { PendingChanges } from "../changes/pending_changes.js";

/** @import { ChangedFrame, Quote } from "../../../rooms/protocol.ts" */
/** @import { Content } from "../changes/change.js" */
/** @import { ToldChange } from "../changes/told_changes.js" */
/** @import { ChatMessage } from "../../shared/connection/frames.js" */
/** @import { MessageItem } from "./message_row.js" */
/** @import { MessageRows } from "./message_rows.js" */
/** @import { Unsent } from "../connection/unsent_messages.js" */
/** @import { Arrival } from "../connection/room_events.js" */

const MAX_RECORDED_IDS = 1_000;

/** The messages that this page knows, each once, from its writing until it is recorded in the sheet. */
export class MessageStore {
  #rows;
  /** @type {Map<string, MessageItem>} by `id` */
  #byId = new Map();
  /** @type {Map<string, MessageItem>} by `clientId`, until the message is accepted or withdrawn */
  #unsettled = new Map();
  #changes = new PendingChanges();
  #told = new ToldChanges((frame) => frame.type === "reactions" && frame.person === this.#person);
  /** This visitor's id in the room; "" until it is known. */
  #person = "";
  #account;
  /**
   * The states of messages that may arrive later, in a history.
   * @type {Map<string, MessageItem["state"]>}
   */
  #recorded = new Map();
  #newestId = "";

  /** @param {MessageRows} rows @param {string} account the name of the visitor's account, or "" */
  constructor(rows, account) {
    this.#rows = rows;
    this.#account = account;
  }

  /** Notes which person of the room is this visitor. @param {string} person @returns {void} */
  setPerson(person) {
    this.#person = person;
  }

  /** The id of the newest message that the server has sent, or "". @returns {string} */
  get newestId() {
    return this.#newestId;
  }

  /** @param {string} id @returns {boolean} */
  has(id) {
    return this.#byId.has(id);
  }

  /**
   * The first message by others after the last one that was seen.
   * @param {string} seenId
   * @returns {MessageItem | undefined}
   */
  firstUnread(seenId) {
    return this.#rows.find(({ id = "", isOwn }) => id > seenId && !isOwn);
  }

  /** The number of messages by others after the last one that was seen. @param {string} seenId @returns {number} */
  countUnread(seenId) {
    return [...this.#byId].filter(([id, { isOwn }]) => id > seenId && !isOwn).length;
  }

  /** @param {string} id @returns {boolean} */
  isOwn(id) {
    return this.#byId.get(id)?.isOwn ?? false;
  }

  /** The item of a message that the server has. @param {string} id @returns {MessageItem | undefined} */
  itemOf(id) {
    return this.#byId.get(id);
  }

  /** @param {ChatMessage} message @param {Arrival["from"]} from @returns {void} */
  show(message, from) {
    const { id } = message;
    const known = this.#byId.get(id) ??
      (from === "gap" || from === "latest" ? this.#alreadySent(message) : undefined);
    const told = itemOfMessage(message, {
      isOwn: known?.isOwn ?? this.isBySelf(message),
      state: this.#recorded.get(id),
      changes: this.#changes.of(id),
    });
    const facts = { ...told, replyTo: this.#presentQuote(told.replyTo) };
    if (id > this.#newestId) this.#newestId = id;
    if (known) return this.#confirm(known, facts);
    const item = this.#rows.create(
      this.#told.of(id).reduce((now, change) => this.#withTold(now, change), facts),
    );
    this.#byId.set(id, item);
    this.#rows.place(item);
  }

  /** @param {Unsent} unsent @returns {boolean} whether it is a message, and new in the list */
  showUnsent(unsent) {
    const { clientId, failure } = unsent;
    if (unsent.change) {
      this.#changes.add(unsent);
      this.#showChanges(unsent.change.id);
      return false;
    }
    const known = this.#unsettled.get(clientId);
    const item = known ?? this.#newUnsettled(unsent);
    item.state = failure ? "failed" : "sending";
    item.failure = failure;
    item.row.showState(item);
    return !known;
  }

  /**
   * Notes that an unsent message or change was accepted, or without an `id` that its author has withdrawn it.
   * @param {string} clientId
   * @param {string | undefined} id
   * @returns {void}
   */
  settle(clientId, id) {
    const unsent = this.#changes.take(clientId);
    if (unsent) return this.#settleChange(unsent, id !== undefined);
    const item = this.#unsettled.get(clientId);
    this.#unsettled.delete(clientId);
    // An item that has an id already came back in a history.
    if (!item || item.id) return;
    // The message is in the list already, so it would be there twice.
    if (!id || this.#byId.has(id)) return this.#rows.remove(item);
    this.#byId.set(id, item);
    Object.assign(item, { id, state: this.#recorded.get(id) ?? "delivered" });
    item.row.showState(item);
  }

  /** @param {readonly string[]} ids @param {MessageItem["state"]} state @returns {void} */
  record(ids, state) {
    for (const id of ids) {
      this.#recorded.set(id, state);
      const item = this.#byId.get(id);
      if (item) item.row.showState(Object.assign(item, { state }));
    }
    for (const id of [...this.#recorded.keys()].slice(0, -MAX_RECORDED_IDS)) {
      this.#recorded.delete(id);
    }
  }

  /**
   * Shows what happened to a message.
   * @param {ChangedFrame} frame
   * @param {boolean} isForReader see {@link reactionsIn}
   * @returns {void}
   */
  change(frame, isForReader) {
    const id = frame.type === "message_deleted" ? frame.id : frame.type === "pins" ? "" : frame.message_id;
    const item = this.#byId.get(id);
    if (id) this.#told.note(id, { frame, isForReader });
    if (frame.type !== "reactions") this.#quoteAnew(id, frame);
    if (item) item.row.write(Object.assign(item, this.#withTold(item, { frame, isForReader })));
  }

  /** The last message of this visitor that `fits`. @param {(item: MessageItem) => boolean} fits @returns {MessageItem | undefined} */
  lastOwn(fits) {
    return this.#rows.findLast((item) => item.isOwn && fits(item));
  }

  /**
   * Removes the oldest messages, as if they had never been loaded, until at most `most` are left.
   * @param {number} most
   * @returns {void}
   */
  dropOldest(most) {
    for (const { id = "" } of this.#rows.removeFirst(this.#rows.length - most)) this.#byId.delete(id);
  }

  /** Removes the newest messages in the same way. @param {number} most @returns {void} */
  dropNewest(most) {
    for (const { id = "" } of this.#rows.removeLast(this.#rows.length - most)) this.#byId.delete(id);
  }

  /** Removes all messages that the server has. @returns {void} */
  clear() {
    // One that was accepted just now stands behind some that aren't sent.
    for (const item of this.#byId.values()) if (!hasPlace(item)) this.#rows.remove(item);
    const unsent = [...this.#unsettled.values()].filter(({ id }) => !id);
    this.#rows.removeFirst(this.#rows.length - unsent.length);
    this.#byId.clear();
  }

  /**
   * The item of an own message whose acknowledgement was lost with the connection. The message comes back in the history
   * before its repetition is acknowledged, and must not appear twice meanwhile.
   * @param {ChatMessage} message
   * @returns {MessageItem | undefined}
   */
  #alreadySent(message) {
    if (!this.isBySelf(message)) return undefined;
    return [...this.#unsettled.values()].find((item) =>
      !item.id && item.text === message.message && item.state === "sending"
    );
  }

  /**
   * Whether this visitor wrote it. Messages stored by early versions have no `person`: then only an account's name counts,
   * because guests may choose any name.
   * @param {ChatMessage} message
   * @returns {boolean}
   */
  isBySelf({ person, username, account: hasAccount }) {
    if (person !== undefined) return person === this.#person;
    return hasAccount === true && username === this.#account;
  }

  /** @param {MessageItem} item @param {Omit<MessageItem, "row"> & { id: string }} facts @returns {void} */
  #confirm(item, facts) {
    const isSettled = item.state === "recorded" || item.state === "not_recorded";
    const hasMoved = item.order !== facts.order;
    const before = writtenIn(item);
    if (hasMoved) this.#rows.takeOut(item);
    Object.assign(item, facts, { state: isSettled ? item.state : facts.state });
    this.#byId.set(facts.id, item);
    if (before !== writtenIn(item)) item.row.write(item);
    item.row.showState(item);
    if (hasMoved) this.#rows.place(item);
  }

  /** @param {Unsent} unsent @returns {MessageItem} */
  #newUnsettled(unsent) {
    const item = this.#rows.create(itemOfUnsent(unsent, this.#person));
    this.#unsettled.set(unsent.clientId, item);
    this.#rows.place(item);
    return item;
  }

  /** @param {Unsent} unsent @param {boolean} isAccepted @returns {void} */
  #settleChange({ change, writtenAt }, isAccepted) {
    if (!change) return;
    const item = this.#byId.get(change.id);
    // The frame that tells everybody may come later.
    if (item && isAccepted) {
      Object.assign(item, withChange(item, change, { at: writtenAt, name: item.row.you }));
    }
    this.#showChanges(change.id);
  }

  /** @param {string} id */
  #showChanges(id) {
    const item = this.#byId.get(id);
    if (!item) return;
    item.changes = this.#changes.of(id);
    item.row.write(item);
    item.row.showState(item);
  }

  /**
   * @template {Content} Facts
   * @param {Facts} facts
   * @param {ToldChange} change
   * @returns {Facts}
   */
  #withTold(facts, change) {
    return { ...facts, ...withTold(facts, change, this.#person) };
  }

  /** Changes the quotes of a message in all replies. @param {string} id @param {ChangedFrame} frame */
  #quoteAnew(id, frame) {
    for (const item of [...this.#byId.values(), ...this.#unsettled.values()]) {
      if (item.replyTo?.id !== id) continue;
      item.replyTo = requoted(item.replyTo, frame);
      item.row.write(item);
    }
  }

  /** A quote with the changes of its message. @param {Quote | undefined} quote @returns {Quote | undefined} */
  #presentQuote(quote) {
    return quote && this.#told.of(quote.id).reduce((now, { frame }) => requoted(now, frame), quote);
  }
}

/** What a row writes of an item, to compare. @param {MessageItem} item @returns {string} */
function writtenIn({ text, username, hasAccount, edited, isDeleted, reactions, replyTo, files }) {
  return JSON.stringify([text, username, hasAccount, edited, isDeleted, reactions, replyTo, files]);
}
