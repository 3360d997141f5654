/** @import { ChatMessage } from "../../shared/connection/frames.js" */
/** @import { Entry } from "./message_row.js" */
/** @import { MessageRows } from "./message_rows.js" */
/** @import { Unsent } from "../connection/unsent_messages.js" */
/** @import { Arrival } from "../connection/room_socket.js" */

const MOST_RECORDED_IDS = 1_000;

/** What was said in the room, as far as it is known here: each message once, from its writing to its row. */
export class MessageStore {
  #rows;
  /** @type {Map<string, Entry>} by the server's id */
  #byId = new Map();
  /** @type {Map<string, Entry>} by ours, until it is settled */
  #unsettled = new Map();
  /** Who one is in the room; "" until it is known. */
  #person = "";
  #account;
  /**
   * What the sheet did with messages that may still be on their way here in a history.
   * @type {Map<string, Entry["state"]>}
   */
  #recorded = new Map();
  #newestId = "";

  /** @param {MessageRows} rows @param {string} account the name of one's account, or "" */
  constructor(rows, account) {
    this.#rows = rows;
    this.#account = account;
  }

  /** Notes who one is in the room. @param {string} person @returns {void} */
  know(person) {
    this.#person = person;
  }

  /** The newest message of the server's, or "". @returns {string} */
  get newestId() {
    return this.#newestId;
  }

  /** @param {string} id @returns {boolean} */
  has(id) {
    return this.#byId.has(id);
  }

  /** @param {string} id @returns {HTMLElement | undefined} */
  rowOf(id) {
    return this.#byId.get(id)?.row.element;
  }

  /**
   * The first message of somebody else's that is newer than one that was seen.
   * @param {string} seenId
   * @returns {Entry | undefined}
   */
  firstUnread(seenId) {
    return this.#rows.find(({ id = "", isOwn }) => id > seenId && !isOwn);
  }

  /** How many messages of others are newer than one that was seen. @param {string} seenId @returns {number} */
  countUnread(seenId) {
    return [...this.#byId].filter(([id, { isOwn }]) => id > seenId && !isOwn).length;
  }

  /** @param {string} id @returns {boolean} */
  isOwn(id) {
    return this.#byId.get(id)?.isOwn ?? false;
  }

  /** @param {ChatMessage} message @param {Arrival["from"]} from @returns {void} */
  show(message, from) {
    const { id, username, person, message: text, account: hasAccount = false, deleted: isDeleted = false } =
      message;
    const at = Date.parse(message.timestamp);
    const state = message.not_recorded
      ? "not_recorded"
      : message.recorded
      ? "recorded"
      : this.#recorded.get(id);
    const known = this.#byId.get(id) ??
      (from === "gap" || from === "latest" ? this.#alreadySent(message) : undefined);
    const isOwn = known?.isOwn ?? this.#isBySelf(message);
    const facts = {
      order: `0${message.seq}`,
      id,
      username,
      person,
      text,
      at,
      isOwn,
      hasAccount,
      isDeleted,
      state: state ?? "delivered",
    };
    if (id > this.#newestId) this.#newestId = id;
    if (known) return this.#confirm(known, facts);
    const entry = this.#rows.create(facts);
    this.#byId.set(id, entry);
    this.#rows.place(entry);
  }

  /** @param {Unsent} unsent @returns {boolean} whether it wasn't shown before */
  showUnsent({ clientId, username, text, writtenAt, failure }) {
    const known = this.#unsettled.get(clientId);
    const entry = known ?? this.#newUnsettled({ clientId, username, text, at: writtenAt });
    entry.state = failure ? "failed" : "sending";
    entry.failure = failure;
    entry.row.showState(entry);
    return !known;
  }

  /**
   * Ends the waiting of an unsent message; without an id its author took it back.
   * @param {string} clientId
   * @param {string | undefined} id
   * @returns {void}
   */
  settle(clientId, id) {
    const entry = this.#unsettled.get(clientId);
    this.#unsettled.delete(clientId);
    // An entry with an id has become the row of a message from a history already.
    if (!entry || entry.id) return;
    // With the id of a message that stands already it would stand twice.
    if (!id || this.#byId.has(id)) return this.#rows.remove(entry);
    this.#byId.set(id, entry);
    Object.assign(entry, { id, state: this.#recorded.get(id) ?? "delivered" });
    entry.row.showState(entry);
  }

  /** @param {readonly string[]} ids @param {Entry["state"]} state @returns {void} */
  record(ids, state) {
    for (const id of ids) {
      this.#recorded.set(id, state);
      const entry = this.#byId.get(id);
      if (entry) entry.row.showState(Object.assign(entry, { state }));
    }
    for (const id of [...this.#recorded.keys()].slice(0, -MOST_RECORDED_IDS)) {
      this.#recorded.delete(id);
    }
  }

  /** Takes the text from a message that was deleted. @param {string} id @returns {void} */
  remove(id) {
    const entry = this.#byId.get(id);
    if (entry) entry.row.write(Object.assign(entry, { text: "", isDeleted: true }));
  }

  /**
   * Forgets the oldest messages, as if they had never been loaded, until no more than `most` stand.
   * @param {number} most
   * @returns {void}
   */
  forgetOldest(most) {
    for (const { id = "" } of this.#rows.removeFirst(this.#rows.length - most)) this.#byId.delete(id);
  }

  /**
   * A message that the server had taken before the connection broke, but whose ack was lost: it comes back as
   * history before its resend is answered, and must not stand beside itself until then.
   * @param {ChatMessage} message
   * @returns {Entry | undefined}
   */
  #alreadySent(message) {
    if (!this.#isBySelf(message)) return undefined;
    return [...this.#unsettled.values()].find((entry) =>
      !entry.id && entry.text === message.message && entry.state === "sending"
    );
  }

  /**
   * Whether one said it oneself: a name proves nothing, but that of an account does. Messages that a former version of
   * the service stored have no person.
   * @param {ChatMessage} message
   * @returns {boolean}
   */
  #isBySelf({ person, username, account: hasAccount }) {
    if (person !== undefined) return person === this.#person;
    return hasAccount === true && username === this.#account;
  }

  /** @param {Entry} entry @param {Omit<Entry, "row"> & { id: string }} facts @returns {void} */
  #confirm(entry, facts) {
    const isSettled = entry.state === "recorded" || entry.state === "not_recorded";
    const hasMoved = entry.order !== facts.order;
    const hasChanged = entry.text !== facts.text || entry.username !== facts.username ||
      entry.hasAccount !== facts.hasAccount;
    if (hasMoved) this.#rows.lift(entry);
    Object.assign(entry, facts, { state: isSettled ? entry.state : facts.state });
    this.#byId.set(facts.id, entry);
    if (hasChanged) entry.row.write(entry);
    entry.row.showState(entry);
    if (hasMoved) this.#rows.place(entry);
  }

  /** @param {{ clientId: string, username: string, text: string, at: number }} written @returns {Entry} */
  #newUnsettled(written) {
    const entry = this.#rows.create({
      ...written,
      person: this.#person || undefined,
      order: `1${written.at}`,
      isOwn: true,
      state: "sending",
    });
    this.#unsettled.set(written.clientId, entry);
    this.#rows.place(entry);
    return entry;
  }
}
