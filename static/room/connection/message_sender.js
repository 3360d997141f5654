import { CLOSE } from "../../shared/connection/closing.js";
import { Emitter } from "../../shared/emitter.js";

/** @import { Connection } from "../../shared/connection/connection.js" */
/** @import { UnsentMessages, Unsent } from "./unsent_messages.js" */

const PAUSE_MS = 5_000;

/**
 * @typedef {object} SenderEvents
 * @property {Unsent} unsent a message was written, refused or is tried again
 * @property {{ clientId: string, id?: string }} settled an unsent message is taken (as `id`) or was taken back
 * @property {number} paused the server asks to slow down: until when nothing is sent, in milliseconds since the epoch
 */

/**
 * Sends what was written until the server has taken it.
 *
 * One message at a time is on its way, so that they arrive in the order they were written even when the
 * server asks to slow down in between. The server knows a message that is sent again by who sends it and by our id, so
 * that it stands once though its author has changed names.
 * @extends {Emitter<SenderEvents>}
 */
export class MessageSender extends Emitter {
  #connection;
  #outbox;
  #wantedName;
  #username;
  /** @type {string | undefined} */
  #inFlight;
  /** @type {number | undefined} */
  #pauseTimer;

  /** @param {{ connection: Connection, outbox: UnsentMessages, username: string }} parts */
  constructor({ connection, outbox, username }) {
    super();
    this.#connection = connection;
    this.#outbox = outbox;
    this.#wantedName = username;
    this.#username = username;
  }

  /** The name that is asked for. @returns {string} */
  get wantedName() {
    return this.#wantedName;
  }

  /** The name that one has in the room. @returns {string} */
  get username() {
    return this.#username;
  }

  /** Asks for another name from the next connection on. @param {string} username @returns {void} */
  rename(username) {
    this.#wantedName = username;
  }

  /** Notes what the room made of the name that was asked for. @param {string} username @returns {void} */
  knownAs(username) {
    this.#username = username;
  }

  /** @param {string} text @returns {void} */
  say(text) {
    this.emit("unsent", this.#outbox.add(text, this.#username));
    this.sendNext();
  }

  /** Tries a refused message again. @param {string} clientId @returns {void} */
  retry(clientId) {
    const unsent = this.#outbox.mark(clientId);
    if (unsent) this.emit("unsent", unsent);
    this.sendNext();
  }

  /**
   * Notes that a message is taken (as `id`), or was taken back.
   * @param {string} clientId
   * @param {string} [id]
   * @returns {void}
   */
  settle(clientId, id) {
    if (clientId === this.#inFlight) this.#landed();
    this.#outbox.remove(clientId);
    this.emit("settled", { clientId, id });
    this.sendNext();
  }

  /** Notes that another tab has settled a message. @param {string} clientId @returns {void} */
  settleElsewhere(clientId) {
    if (clientId !== this.#inFlight) this.settle(clientId);
  }

  /**
   * Notes a refusal; one that only asks to slow down is obeyed.
   * @param {string} clientId
   * @param {{ code: string, retryAfterMs?: number }} refusal
   * @returns {void}
   */
  refused(clientId, { code, retryAfterMs = PAUSE_MS }) {
    if (clientId === this.#inFlight) this.#landed();
    if (code === "rate_limited") this.#pause(retryAfterMs);
    else this.#fail(clientId, code);
    this.sendNext();
  }

  /** Notes that the connection ended. @param {number} code the close code @returns {void} */
  lost(code) {
    const inFlight = this.#inFlight;
    this.stop();
    if (code === CLOSE.frameTooLarge && inFlight) this.#fail(inFlight, "too_long");
  }

  /** Waits for nothing any more. @returns {void} */
  stop() {
    this.#inFlight = undefined;
    clearTimeout(this.#pauseTimer);
    this.#pauseTimer = undefined;
  }

  /** Sends the next message, if there is one and nothing is to be waited for. @returns {void} */
  sendNext() {
    if (this.#inFlight || this.#pauseTimer) return;
    const next = this.#outbox.next();
    if (!next) return;
    const frame = { type: "chat_message", message: next.text, client_id: next.clientId };
    if (!this.#connection.send(frame)) return;
    this.#inFlight = next.clientId;
    this.#connection.expectAnswer();
  }

  /** @param {number} ms */
  #pause(ms) {
    this.#pauseTimer = setTimeout(() => this.#resume(), ms);
    this.emit("paused", Date.now() + ms);
  }

  #resume() {
    this.#pauseTimer = undefined;
    this.sendNext();
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
}
