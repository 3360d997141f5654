import { Connection } from "./connection.js";
import { Emitter } from "./emitter.js";
import { ResumePoint } from "./resume_point.js";

/** @import { ServerFrame } from "../rooms/protocol.ts" */
/** @import { Status } from "./connection.js" */
/** @import { ChatMessage } from "./frames.js" */
/** @import { Outbox, Unsent } from "./outbox.js" */

const PAUSE_MS = 5_000;
const TYPING_EVERY_MS = 2_500;
const CLOSE_TOO_LARGE = 1009;

/**
 * `more` says whether older messages exist, and is known from "latest" and "older" only.
 * @typedef {{ messages: ChatMessage[], from: "latest" | "gap" | "older" | "live", more: boolean }} Arrival
 */

/**
 * @typedef {object} RoomEvents
 * @property {Status} connection
 * @property {Arrival} messages
 * @property {Unsent} unsent a message was written, refused or is tried again
 * @property {{ clientId: string, id?: string }} settled an unsent message is taken (as `id`) or was taken back
 * @property {{ ids: string[], isRecorded: boolean }} recorded what the sheet did with messages
 * @property {string[]} online
 * @property {{ user: string, isHere: boolean }} presence
 * @property {string} typing
 * @property {string} refused the server's code for something else than a message that was written
 */

/**
 * The connection to one room, and the only owner of what is known about the server: it asks for what was
 * missed, and sends what was written until the server has taken it.
 *
 * One message at a time is on its way, so that they arrive in the order they were written even when the
 * server asks to slow down in between.
 * @extends {Emitter<RoomEvents>}
 */
export class RoomSocket extends Emitter {
  #outbox;
  #connection;
  #resume = new ResumePoint();
  /**
   * Live messages that arrived before the gap was filled: the point to resume from must not pass the gap.
   * @type {ChatMessage[] | undefined}
   */
  #early = [];
  #isAskingOlder = false;
  /** @type {string | undefined} */
  #inFlight;
  #typedAt = -Infinity;
  /** @type {number | undefined} */
  #pauseTimer;

  /**
   * @param {object} parts
   * @param {URL} parts.url the room's socket, with the username
   * @param {Outbox} parts.outbox
   * @param {(address: URL) => WebSocket} parts.open
   * @param {() => number} parts.random from 0 up to 1
   */
  constructor({ url, outbox, open, random }) {
    super();
    this.#outbox = outbox;
    this.#connection = new Connection({ address: () => this.#addressFrom(url), open, random });
    this.#connection.on("frame", (frame) => this.#receive(frame));
    this.#connection.on("lost", (code) => this.#lost(code));
    this.#connection.on("status", (status) => {
      this.emit("connection", status);
      this.#sendNext();
    });
  }

  /** @returns {Status} */
  get connection() {
    return this.#connection.status;
  }

  /** Connects at once, unless connected or refused. @returns {void} */
  connect() {
    this.#connection.connect();
  }

  /** Drops a connection that can't be alive any more. @returns {void} */
  drop() {
    this.#connection.drop();
  }

  /** Leaves for good. @returns {void} */
  close() {
    this.#connection.end();
    this.#forget();
  }

  /** Takes a message to be sent, now or whenever that is possible. @param {string} text @returns {void} */
  say(text) {
    this.emit("unsent", this.#outbox.add(text));
    this.#typedAt = -Infinity;
    this.#sendNext();
  }

  /** Every unsent message becomes visible, in the order it was written. @returns {void} */
  showUnsent() {
    for (const unsent of this.#outbox.all()) this.emit("unsent", unsent);
  }

  /** Tries a refused message again. @param {string} clientId @returns {void} */
  retry(clientId) {
    const unsent = this.#outbox.mark(clientId);
    if (unsent) this.emit("unsent", unsent);
    this.#sendNext();
  }

  /** Gives a refused message back to its author. @param {string} clientId @returns {string} its text */
  takeBack(clientId) {
    const text = this.#outbox.get(clientId)?.text ?? "";
    this.#settle(clientId);
    return text;
  }

  /**
   * Forgets a message that another tab has brought to its end.
   * @param {string | null} storageKey
   * @returns {void}
   */
  settledElsewhere(storageKey) {
    const clientId = this.#outbox.clientIdOf(storageKey);
    if (clientId && clientId !== this.#inFlight) this.#settle(clientId);
  }

  /** Tells the others that this person is typing, every 2.5 s at most. @returns {void} */
  type() {
    if (Date.now() - this.#typedAt < TYPING_EVERY_MS) return;
    if (this.#connection.send({ type: "typing" })) this.#typedAt = Date.now();
  }

  /** Asks for what was said before a message, once at a time. @param {string} id @returns {void} */
  askOlder(id) {
    if (this.#isAskingOlder || this.#early) return;
    this.#isAskingOlder = this.#connection.send({ type: "history", before: id, limit: 50 });
  }

  /** @param {URL} url @returns {URL} */
  #addressFrom(url) {
    const address = new URL(url);
    address.searchParams.set("batch", "1");
    if (this.#resume.id) address.searchParams.set("after", this.#resume.id);
    return address;
  }

  /** @param {number} code @returns {void} */
  #lost(code) {
    const inFlight = this.#inFlight;
    this.#forget();
    if (code === CLOSE_TOO_LARGE && inFlight) this.#fail(inFlight, "too_long");
  }

  /** Forgets everything that belongs to the connection that ended. */
  #forget() {
    this.#early = [];
    this.#inFlight = undefined;
    this.#isAskingOlder = false;
    clearTimeout(this.#pauseTimer);
    this.#pauseTimer = undefined;
  }

  /** @param {ServerFrame} frame @returns {void} */
  #receive(frame) {
    switch (frame.type) {
      case "chat_message":
        if (this.#early) this.#early.push(frame);
        else this.#resume.note([frame]);
        return this.emit("messages", {
          messages: [frame],
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
        return this.#settle(frame.client_id, frame.id);
      case "online_users":
        return this.emit("online", frame.users);
      case "user_join":
      case "user_leave":
        return this.emit("presence", {
          user: frame.user,
          isHere: frame.type === "user_join",
        });
      case "user_typing":
        return this.emit("typing", frame.user);
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
    if (!clientId) return this.emit("refused", code);
    if (clientId === this.#inFlight) this.#landed();
    if (code !== "rate_limited") this.#fail(clientId, code);
    else this.#pauseTimer = setTimeout(() => this.#resumeSending(), retryAfterMs ?? PAUSE_MS);
    this.#sendNext();
  }

  #resumeSending() {
    this.#pauseTimer = undefined;
    this.#sendNext();
  }

  #sendNext() {
    const next = this.#outbox.next();
    if (!next || this.#inFlight || this.#pauseTimer) return;
    const frame = { type: "chat_message", message: next.text, client_id: next.clientId };
    if (!this.#connection.send(frame)) return;
    this.#inFlight = next.clientId;
    this.#connection.expectAnswer();
  }

  #landed() {
    this.#inFlight = undefined;
    this.#connection.gotAnswer();
  }

  /** @param {string} clientId @param {string} code @returns {void} */
  #fail(clientId, code) {
    const unsent = this.#outbox.mark(clientId, code);
    if (unsent) this.emit("unsent", unsent);
  }

  /** @param {string} clientId @param {string} [id] @returns {void} */
  #settle(clientId, id) {
    if (clientId === this.#inFlight) this.#landed();
    this.#outbox.remove(clientId);
    this.emit("settled", { clientId, id });
    this.#sendNext();
  }
}
