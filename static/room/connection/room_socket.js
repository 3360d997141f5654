import { Connection } from "../../shared/connection/connection.js";
import { Emitter } from "../../shared/emitter.js";
import { ResumePoint } from "./resume_point.js";
import { MessageSender } from "./message_sender.js";

/** @import { Status } from "../../shared/connection/connection.js" */
/** @import { OnlinePerson } from "../../../rooms/protocol.ts" */
/** @import { ChatMessage, Heard } from "../../shared/connection/frames.js" */
/** @import { Move } from "../messages/join_leave_summary.js" */
/** @import { UnsentMessages, Unsent } from "./unsent_messages.js" */

const TYPING_EVERY_MS = 2_500;

/**
 * `more` says whether older messages exist, and is known from "latest" and "older" only.
 * @typedef {{ messages: ChatMessage[], from: "latest" | "gap" | "older" | "live", more: boolean }} Arrival
 */

/**
 * `mayChange` is known from what is told on connecting only.
 * @typedef {{ title: string, isPrivate: boolean, isReadOnly: boolean, isClosed: boolean, mayChange: boolean | undefined }} RoomRules
 */

/**
 * @typedef {object} RoomEvents
 * @property {Status} connection
 * @property {Arrival} messages
 * @property {Unsent} unsent a message was written, refused or is tried again
 * @property {{ clientId: string, id?: string }} settled an unsent message is taken (as `id`) or was taken back
 * @property {{ ids: string[], isRecorded: boolean }} recorded what the sheet did with messages
 * @property {{ person: string, username: string }} welcome who one is in the room, before its messages come
 * @property {OnlinePerson[]} online
 * @property {Move} presence
 * @property {{ person: string, from: string, to: string }} renamed
 * @property {{ person: string, user: string }} typing
 * @property {string} deleted the id of a message that was deleted for everyone
 * @property {RoomRules} rules
 * @property {number} paused the server asks to slow down: until when nothing is sent, in milliseconds since the epoch
 * @property {string} refused the server's code for something else than a message that was written
 */

/**
 * The connection to one room, and the only owner of what is known about the server: it asks for what was
 * missed, tells what comes, and hands on what is written.
 * @extends {Emitter<RoomEvents>}
 */
export class RoomSocket extends Emitter {
  #outbox;
  #connection;
  #sender;
  #resume = new ResumePoint();
  /**
   * Live messages that arrived before the gap was filled: the point to resume from must not pass the gap.
   * @type {ChatMessage[] | undefined}
   */
  #early = [];
  #isAskingOlder = false;
  #person = "";
  #typedAt = -Infinity;

  /**
   * @param {object} parts
   * @param {URL} parts.url the room's socket
   * @param {string} parts.username
   * @param {UnsentMessages} parts.outbox
   * @param {(address: URL) => WebSocket} parts.open
   * @param {() => number} parts.random from 0 up to 1
   */
  constructor({ url, username, outbox, open, random }) {
    super();
    this.#outbox = outbox;
    this.#connection = new Connection({ address: () => this.#addressFrom(url), open, random });
    this.#sender = new MessageSender({ connection: this.#connection, outbox, username });
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

  /** Who one is in the room, the same under any name; "" until the server has said it. @returns {string} */
  get person() {
    return this.#person;
  }

  /** The name that one is known by in the room. @returns {string} */
  get username() {
    return this.#sender.username;
  }

  /** Comes back under another name. @param {string} username @returns {void} */
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

  /** Connects at once, or finds out whether the connection is still alive. @returns {void} */
  wake() {
    this.#connection.wake();
  }

  /** Drops a connection that can't be alive any more. @returns {void} */
  drop() {
    this.#connection.drop();
  }

  /** Leaves for good. @returns {void} */
  close() {
    this.#connection.end();
    this.#sender.stop();
  }

  /** Takes a message to be sent, now or whenever that is possible. @param {string} text @returns {void} */
  say(text) {
    this.#typedAt = -Infinity;
    this.#sender.say(text);
  }

  /** Every unsent message becomes visible, in the order it was written. @returns {void} */
  showUnsent() {
    for (const unsent of this.#outbox.all()) this.emit("unsent", unsent);
  }

  /** Tries a refused message again. @param {string} clientId @returns {void} */
  retry(clientId) {
    this.#sender.retry(clientId);
  }

  /** Gives a refused message back to its author. @param {string} clientId @returns {string} its text */
  takeBack(clientId) {
    const text = this.#outbox.get(clientId)?.text ?? "";
    this.#sender.settle(clientId);
    return text;
  }

  /**
   * Forgets a message that another tab has brought to its end.
   * @param {string | null} storageKey
   * @returns {void}
   */
  settledElsewhere(storageKey) {
    const clientId = this.#outbox.clientIdOf(storageKey);
    if (clientId) this.#sender.settleElsewhere(clientId);
  }

  /** Tells the others that this person is typing, every 2.5 s at most. @returns {void} */
  type() {
    if (Date.now() - this.#typedAt < TYPING_EVERY_MS) return;
    if (this.#connection.send({ type: "typing" })) this.#typedAt = Date.now();
  }

  /**
   * Asks for what was said before a message, once at a time.
   * @param {string} id
   * @param {number} [count] at most 200
   * @returns {void}
   */
  askOlder(id, count = 50) {
    if (this.#isAskingOlder || this.#early) return;
    this.#isAskingOlder = this.#connection.send({ type: "history", before: id, limit: count });
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
    this.#forget();
    this.#sender.lost(code);
  }

  /** Forgets what belongs to the connection that ended. */
  #forget() {
    this.#early = [];
    this.#isAskingOlder = false;
  }

  /** @param {Heard} frame @returns {void} */
  #receive(frame) {
    switch (frame.type) {
      case "chat_messages":
        if (this.#early) this.#early.push(...frame.messages);
        else this.#resume.note(frame.messages);
        return this.emit("messages", {
          messages: frame.messages,
          from: "live",
          more: false,
        });
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
        this.#sender.knownAs(frame.username);
        return this.emit("welcome", frame);
      case "user_renamed":
        if (frame.person === this.#person) this.#sender.knownAs(frame.to);
        return this.emit("renamed", frame);
      case "message_deleted":
        return this.emit("deleted", frame.id);
      case "room":
        return this.emit("rules", {
          title: frame.title || frame.room,
          isPrivate: frame.private,
          isReadOnly: frame.read_only,
          isClosed: frame.closed === true,
          mayChange: frame.may_change,
        });
      case "error":
        return this.#receiveError(frame);
    }
  }

  /** @param {{ messages: ChatMessage[], more: boolean }} history @returns {void} */
  #receiveHistory({ messages, more }) {
    this.#connection.succeed();
    if (!this.#early) {
      this.#isAskingOlder = false;
      return this.emit("messages", { messages, from: "older", more });
    }
    const isReturn = this.#resume.id !== undefined;
    this.#resume.note(messages);
    if (!isReturn && !more) this.#resume.reachStart();
    if (!isReturn || !more) this.#endCatchUp(this.#early);
    this.emit("messages", {
      messages,
      from: isReturn ? "gap" : "latest",
      more,
    });
  }

  /** @param {ChatMessage[]} early @returns {void} */
  #endCatchUp(early) {
    this.#resume.note(early);
    this.#early = undefined;
  }

  /** @param {{ code: string, client_id?: string, retry_after_ms?: number }} error @returns {void} */
  #receiveError({ code, client_id: clientId, retry_after_ms: retryAfterMs }) {
    this.#isAskingOlder = false;
    if (clientId) this.#sender.refused(clientId, { code, retryAfterMs });
    else this.emit("refused", code);
  }
}
