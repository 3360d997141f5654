import { Connection } from "../../shared/connection/connection.js";
import { Emitter } from "../../shared/emitter.js";
import { ResumePoint } from "./resume_point.js";
import { MessageSender } from "./message_sender.js";

/** @import { Status } from "../../shared/connection/connection.js" */
/** @import { ChangedFrame } from "../../../rooms/protocol.ts" */
/** @import { Change } from "../changes/change.js" */
/** @import { ChatMessage, ReceivedFrame } from "../../shared/connection/frames.js" */
/** @import { RoomEvents } from "./room_events.js" */
/** @import { Unsent, UnsentMessages, Written } from "./unsent_messages.js" */

/** Typing is reported at most this often; others show it for twice as long. */
const TYPING_EVERY_MS = 2_500;
/** The page of older messages that scrolling up loads, and the largest that the server sends; as in its `history.ts`. */
export const HISTORY_PAGE = 50;
export const MAX_HISTORY_PAGE = 200;

/**
 * The connection to one room. It alone knows the state of the conversation with the server: it requests missed messages,
 * emits what arrives, and sends what is written.
 * @extends {Emitter<RoomEvents>}
 */
export class RoomSocket extends Emitter {
  #unsentMessages;
  #connection;
  #sender;
  #resume = new ResumePoint();
  /**
   * Live messages that arrived before the missed ones: the resume point must not pass the gap. `undefined` once caught up.
   * @type {ChatMessage[] | undefined}
   */
  #heldBack = [];
  #isAskingOlder = false;
  #person = "";
  #typingSentAt = -Infinity;

  /**
   * @param {object} parts
   * @param {URL} parts.url the room's socket
   * @param {string} parts.username
   * @param {UnsentMessages} parts.unsentMessages
   * @param {(address: URL) => WebSocket} parts.open
   * @param {() => number} parts.random from 0 up to 1
   */
  constructor({ url, username, unsentMessages, open, random }) {
    super();
    this.#unsentMessages = unsentMessages;
    this.#connection = new Connection({ address: () => this.#addressFrom(url), open, random });
    this.#sender = new MessageSender({ connection: this.#connection, unsentMessages, username });
    this.#connection.on("frame", (frame) => this.#receive(frame));
    this.#connection.on("lost", (code) => this.#lost(code));
    this.#connection.on("status", (status) => {
      this.emit("connection", status);
      this.#sender.sendNext();
    });
    this.#sender.on("unsent", (unsent) => this.emit("unsent", unsent));
    this.#sender.on("settled", (settled) => this.emit("settled", settled));
    this.#sender.on("paused", (until) => this.emit("paused", until));
  }

  /** @returns {Status} */
  get connection() {
    return this.#connection.status;
  }

  /** This visitor's id in the room, the same under any name; "" until the server has sent it. @returns {string} */
  get person() {
    return this.#person;
  }

  /** The name that this visitor has in the room. @returns {string} */
  get username() {
    return this.#sender.username;
  }

  /** Reconnects under another name. @param {string} username @returns {void} */
  rename(username) {
    this.#sender.rename(username);
    this.#connection.renew();
  }

  /** Connects at once, unless connected or refused. @returns {void} */
  connect() {
    this.#connection.connect();
  }

  /** Connects at once, also after a refusal. @returns {void} */
  tryAgain() {
    this.#connection.tryAgain();
  }

  /** Connects at once, or checks that the connection is still alive. @returns {void} */
  wake() {
    this.#connection.wake();
  }

  /** Drops a connection that is known to be dead. @returns {void} */
  drop() {
    this.#connection.drop();
  }

  /** Disconnects for good. @returns {void} */
  close() {
    this.#connection.end();
    this.#sender.stop();
  }

  /**
   * Sends a message, now or as soon as that is possible.
   * @param {string} text
   * @param {Omit<Written, "text" | "change">} [attached]
   * @returns {void}
   */
  sendMessage(text, attached = {}) {
    this.#typingSentAt = -Infinity;
    this.#sender.send({ text, ...attached });
  }

  /** Changes a message, now or as soon as that is possible. @param {Change} change @returns {void} */
  change(change) {
    this.#sender.send({ text: "", change });
  }

  /** Emits every unsent message, in the order in which they were written. @returns {void} */
  showUnsent() {
    for (const unsent of this.#unsentMessages.all()) this.emit("unsent", unsent);
  }

  /** Sends a refused message again. @param {string} clientId @returns {void} */
  retry(clientId) {
    this.#sender.retry(clientId);
  }

  /** Withdraws a refused message or change. @param {string} clientId @returns {Unsent | undefined} */
  takeBack(clientId) {
    const unsent = this.#unsentMessages.get(clientId);
    this.#sender.settle(clientId);
    return unsent;
  }

  /**
   * Forgets a message that another tab has sent or withdrawn.
   * @param {string | null} storageKey
   * @returns {void}
   */
  settledElsewhere(storageKey) {
    const clientId = this.#unsentMessages.clientIdOf(storageKey);
    if (clientId) this.#sender.settleElsewhere(clientId);
  }

  /** Reports that this person is typing, at most every 2.5 s. @returns {void} */
  sendTyping() {
    if (Date.now() - this.#typingSentAt < TYPING_EVERY_MS) return;
    if (this.#connection.send({ type: "typing" })) this.#typingSentAt = Date.now();
  }

  /**
   * Requests the messages before a message. Does nothing while an earlier request is unanswered.
   * @param {string} id
   * @param {number} [count] at most {@link MAX_HISTORY_PAGE}
   * @returns {void}
   */
  askOlder(id, count = HISTORY_PAGE) {
    if (this.#isAskingOlder || this.#heldBack) return;
    this.#isAskingOlder = this.#connection.send({ type: "history", before: id, limit: count });
  }

  /** Tells that this account has read up to a message; false without a connection. @param {string} id @returns {boolean} */
  sendRead(id) {
    return this.#connection.send({ type: "read", id });
  }

  /** @param {URL} url @returns {URL} */
  #addressFrom(url) {
    const address = new URL(url);
    address.searchParams.set("username", this.#sender.wantedName);
    address.searchParams.set("batch", "1");
    if (this.#resume.id) address.searchParams.set("after", this.#resume.id);
    return address;
  }

  /** @param {number} code the close code @returns {void} */
  #lost(code) {
    this.#reset();
    this.#sender.lost(code);
  }

  /** Forgets the state of a connection that ended. */
  #reset() {
    this.#heldBack = [];
    this.#isAskingOlder = false;
  }

  /** @param {ReceivedFrame} frame @returns {void} */
  #receive(frame) {
    switch (frame.type) {
      case "chat_messages":
        if (this.#heldBack) this.#heldBack.push(...frame.messages);
        else this.#resume.note(frame.messages);
        this.#sender.arrived(frame.messages, this.#person);
        return this.emit("messages", { messages: frame.messages, from: "live", more: false });
      case "history":
        return this.#receiveHistory(frame);
      case "recorded":
      case "not_recorded":
        this.#resume.settle(frame.ids);
        return this.emit("recorded", {
          ids: frame.ids,
          isRecorded: frame.type === "recorded",
        });
      case "ack":
        return this.#sender.settle(frame.client_id, frame.id);
      case "online_users":
        return this.emit(
          "online",
          frame.people ?? frame.users.map((username) => ({ person: username, username })),
        );
      case "user_join":
      case "user_leave":
        return this.emit("presence", {
          user: frame.user,
          person: frame.person ?? frame.user,
          isHere: frame.type === "user_join",
        });
      case "user_typing":
        return this.emit("typing", { user: frame.user, person: frame.person ?? frame.user });
      case "welcome":
        this.#person = frame.person;
        this.#sender.setUsername(frame.username);
        return this.emit("welcome", frame);
      case "user_renamed":
        if (frame.person === this.#person) this.#sender.setUsername(frame.to);
        return this.emit("renamed", frame);
      case "message_edited":
      case "message_deleted":
      case "reactions":
        return this.emit("changed", { frame, isForReader: false });
      case "read":
        return this.emit("read", frame.id);
      case "pins":
        return this.emit("pins", frame.messages);
      case "room":
        return this.emit("rules", {
          title: frame.title || frame.room,
          isPrivate: frame.private,
          isReadOnly: frame.read_only,
          isClosed: frame.closed === true,
          description: frame.description ?? "",
          mayChange: frame.may_change,
          isHost: frame.may_moderate === true,
        });
      case "pending":
        return this.#sender.hold(frame.client_id ?? "");
      case "pending_message":
        return this.emit("pending", frame);
      case "pending_decided":
        this.#sender.decided(frame);
        return this.emit("decided", frame.id);
      case "error":
        return this.#receiveError(frame);
    }
  }

  /** @param {{ messages: ChatMessage[], more: boolean, changes?: ChangedFrame[] }} history @returns {void} */
  #receiveHistory({ messages, more, changes = [] }) {
    this.#connection.succeed();
    this.#sender.arrived(messages, this.#person);
    this.#sender.askAgain();
    if (!this.#heldBack) {
      this.#isAskingOlder = false;
      return this.emit("messages", { messages, from: "older", more });
    }
    const isReturn = this.#resume.id !== undefined;
    this.#resume.note(messages);
    if (!isReturn && !more) this.#resume.reachStart();
    if (!isReturn || !more) this.#endCatchUp(this.#heldBack);
    this.emit("messages", {
      messages,
      from: isReturn ? "gap" : "latest",
      more,
    });
    for (const frame of changes) this.emit("changed", { frame, isForReader: true });
  }

  /** @param {ChatMessage[]} heldBack @returns {void} */
  #endCatchUp(heldBack) {
    this.#resume.note(heldBack);
    this.#heldBack = undefined;
  }

  /** @param {{ code: string, client_id?: string, retry_after_ms?: number }} error @returns {void} */
  #receiveError({ code, client_id: clientId, retry_after_ms: retryAfterMs }) {
    this.#isAskingOlder = false;
    if (clientId) this.#sender.refused(clientId, { code, retryAfterMs });
    else this.emit("refused", code);
  }
}
