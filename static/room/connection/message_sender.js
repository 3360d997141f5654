import { CLOSE } from "../../shared/connection/closing.js";
import { Emitter } from "../../shared/emitter.js";

/** @import { ChatMessage } from "../../shared/connection/frames.js" */
/** @import { Connection } from "../../shared/connection/connection.js" */
/** @import { UnsentMessages, Unsent, Written } from "./unsent_messages.js" */

/** The pause when the server asks to slow down and says no time. */
const DEFAULT_PAUSE_MS = 5_000;

/**
 * @typedef {object} SenderEvents
 * @property {Unsent} unsent a message was written, was refused, or is sent again
 * @property {{ clientId: string, id?: string }} settled an unsent message was accepted (as `id`), or withdrawn by its author
 * @property {number} paused nothing is sent until then (milliseconds since the epoch): the server asked to slow down
 */

/** The failure of a message that waits until a host approves it. */
const PENDING = "pending";

/**
 * Sends each written message, and each change of one, until the server has accepted it.
 *
 * One at a time is in flight, so that they arrive in the order in which they were written even when the server asks
 * to slow down in between. The server recognises a message that is sent again by its sender and its client id, so that it
 * appears once even if its author has changed names.
 * @extends {Emitter<SenderEvents>}
 */
export class MessageSender extends Emitter {
  #connection;
  #unsentMessages;
  #wantedName;
  #username;
  /** @type {string | undefined} */
  #inFlight;
  /** @type {number | undefined} */
  #pauseTimer;

  /** @param {{ connection: Connection, unsentMessages: UnsentMessages, username: string }} parts */
  constructor({ connection, unsentMessages, username }) {
    super();
    this.#connection = connection;
    this.#unsentMessages = unsentMessages;
    this.#wantedName = username;
    this.#username = username;
  }

  /** The name to ask for on the next connection. @returns {string} */
  get wantedName() {
    return this.#wantedName;
  }

  /** The name that this visitor has in the room. @returns {string} */
  get username() {
    return this.#username;
  }

  /** Asks for another name on the next connection. @param {string} username @returns {void} */
  rename(username) {
    this.#wantedName = username;
  }

  /** Notes the name that the server has given. @param {string} username @returns {void} */
  setUsername(username) {
    this.#username = username;
  }

  /** @param {Written} written @returns {void} */
  send(written) {
    this.emit("unsent", this.#unsentMessages.add({ ...written, username: this.#username }));
    this.sendNext();
  }

  /** Sends a refused message again. @param {string} clientId @returns {void} */
  retry(clientId) {
    const unsent = this.#unsentMessages.setFailure(clientId);
    if (unsent) this.emit("unsent", unsent);
    this.sendNext();
  }

  /**
   * Notes that a message was accepted (as `id`), or withdrawn by its author.
   * @param {string} clientId
   * @param {string} [id]
   * @returns {void}
   */
  settle(clientId, id) {
    if (clientId === this.#inFlight) this.#arrived();
    this.#unsentMessages.remove(clientId);
    this.emit("settled", { clientId, id });
    this.sendNext();
  }

  /** Notes that a message waits until a host approves it. @param {string} clientId @returns {void} */
  hold(clientId) {
    if (clientId === this.#inFlight) this.#arrived();
    this.#fail(clientId, PENDING);
    this.sendNext();
  }

  /**
   * Notes what hosts have decided about a message that waited.
   * @param {{ client_id?: string, approved: boolean, message_id?: string }} decision
   * @returns {void}
   */
  decided({ client_id: clientId, approved, message_id: id }) {
    if (clientId === undefined || !this.#unsentMessages.has(clientId)) return;
    if (approved) this.settle(clientId, id);
    else this.#fail(clientId, "not_approved");
  }

  /**
   * Notes which own messages arrived because hosts approved them. That may be long before {@link decided}, and until then
   * they would be shown twice.
   * @param {readonly ChatMessage[]} messages
   * @param {string} person this visitor's id in the room
   * @returns {void}
   */
  arrived(messages, person) {
    for (const { id, client_id, person: author } of messages) {
      if (author === person) this.decided({ client_id, approved: true, message_id: id });
    }
  }

  /** Sends again what waited for a host: it may have been decided on meanwhile. @returns {void} */
  askAgain() {
    for (const clientId of this.#unsentMessages.failedBy(PENDING)) this.#unsentMessages.setFailure(clientId);
    this.sendNext();
  }

  /** Notes that another tab has sent or withdrawn a message. @param {string} clientId @returns {void} */
  settleElsewhere(clientId) {
    if (clientId !== this.#inFlight) this.settle(clientId);
  }

  /**
   * Notes a refusal. A message refused for its rate is sent again after a pause.
   * @param {string} clientId
   * @param {{ code: string, retryAfterMs?: number }} refusal
   * @returns {void}
   */
  refused(clientId, { code, retryAfterMs = DEFAULT_PAUSE_MS }) {
    if (clientId === this.#inFlight) this.#arrived();
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

  /** Stops waiting for answers and pauses. @returns {void} */
  stop() {
    this.#inFlight = undefined;
    clearTimeout(this.#pauseTimer);
    this.#pauseTimer = undefined;
  }

  /** Sends the next message, unless one is in flight or the server asked for a pause. @returns {void} */
  sendNext() {
    if (this.#inFlight || this.#pauseTimer) return;
    const next = this.#unsentMessages.next();
    if (!next) return;
    if (!this.#connection.send(frameOf(next))) return;
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

  #arrived() {
    this.#inFlight = undefined;
    this.#connection.gotAnswer();
  }

  /** @param {string} clientId @param {string} code @returns {void} */
  #fail(clientId, code) {
    const unsent = this.#unsentMessages.setFailure(clientId, code);
    if (unsent) this.emit("unsent", unsent);
  }
}

/** @param {Unsent} unsent @returns {object} */
function frameOf({ clientId, text, replyTo, files, change }) {
  if (change) return { ...change, client_id: clientId };
  const named = files?.length ? files.map(({ id, alt }) => ({ id, alt })) : undefined;
  return {
    type: "chat_message",
    message: text,
    client_id: clientId,
    reply_to: replyTo?.id,
    files: named,
  };
}
