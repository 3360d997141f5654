import { ask } from "../api.js";
import { backoffMs, jitteredMs } from "./backoff.js";
import { askedWaitMs, CLOSE, mayBeLifted } from "./closing.js";
import { Emitter } from "../emitter.js";
import { decodeFrames } from "./frames.js";

/** @import { ReceivedFrame } from "./frames.js" */

/** A connection is dropped when an answer, or the handshake, takes longer. */
const ANSWER_WITHIN_MS = 10_000;
/**
 * Interval of pings. A proxy on the way may drop packets silently, and browsers don't say whether the server still answers
 * their own pings.
 */
const PING_EVERY_MS = 30_000;
/** After this many sockets in a row that never opened, the service is asked over HTTP why. */
const UNOPENED_BEFORE_ASKING = 3;
/** Being refused for too many connections counts as this many failures, so that the wait is long from the start. */
const TOO_MANY_FAILURES = 5;
/** The wait after a refusal that may be lifted, see {@link mayBeLifted}. */
const RETURN_AFTER_MS = 30_000;

/**
 * The state of the connection. `retryAt` (milliseconds since the epoch) comes with `waiting`, and so does `trouble` if the
 * cause is known; `code` and `reason` come with `waiting` and `refused`. After a refusal there is no further attempt, except
 * when the room is closed or private, which may change: then there is one every 30 s.
 * @typedef {"origin_refused" | "no_sockets"} Trouble
 * @typedef {{ state: "connecting" | "open" | "waiting" | "refused", retryAt?: number, trouble?: Trouble, code?: number, reason?: string }} Status
 */

/**
 * @typedef {object} ConnectionEvents
 * @property {Status} status
 * @property {ReceivedFrame} frame
 * @property {number} lost the close code or 0, before the status says what comes next
 */

/**
 * A WebSocket that reconnects: after a backoff, after the time that the server asks for, or at once on request.
 * @extends {Emitter<ConnectionEvents>}
 */
export class Connection extends Emitter {
  #address;
  #open;
  #random;
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {Status} */
  #status = { state: "connecting" };
  #failures = 0;
  /** Sockets in a row that never opened. */
  #unopened = 0;
  /** @type {Trouble | undefined} why sockets don't open, if the service says so */
  #trouble;
  #isEnded = false;
  /** @type {number | undefined} */
  #retryTimer;
  /** @type {number | undefined} */
  #answerTimer;
  /** @type {number | undefined} */
  #pingTimer;
  /** Runs from a ping until anything is received. @type {number | undefined} */
  #silenceTimer;

  /**
   * @param {object} parts
   * @param {() => URL} parts.address called before every attempt
   * @param {(address: URL) => WebSocket} parts.open
   * @param {() => number} parts.random from 0 up to 1
   */
  constructor({ address, open, random }) {
    super();
    this.#address = address;
    this.#open = open;
    this.#random = random;
  }

  /** @returns {Status} */
  get status() {
    return this.#status;
  }

  /** Connects at once, unless connected or ended. @returns {void} */
  connect() {
    if (this.#socket || this.#isEnded) return;
    clearTimeout(this.#retryTimer);
    this.#report({ state: "connecting" });
    const socket = this.#open(this.#address());
    this.#socket = socket;
    this.expectAnswer();
    this.#unopened++;
    socket.onopen = () => {
      this.#unopened = 0;
      this.#trouble = undefined;
      this.gotAnswer();
      this.#pingTimer = setInterval(() => this.#ping(), PING_EVERY_MS);
      this.#report({ state: "open" });
    };
    // The server sends a `closing` frame first: the close itself may arrive as 1006 without its reason.
    /** @type {{ code: number, reason: string } | undefined} */
    let closing;
    socket.onmessage = ({ data }) => {
      this.#silenceEnded();
      for (const frame of decodeFrames(data)) {
        if (frame.type === "closing") closing = frame;
        else if (frame.type !== "pong") this.emit("frame", frame);
      }
    };
    socket.onclose = (event) => {
      const { code, reason } = closing ?? event;
      this.#lost(code, reason);
    };
  }

  /** Connects at once, also after a refusal. @returns {void} */
  tryAgain() {
    if (this.#status.state === "refused") this.#isEnded = false;
    this.connect();
  }

  /**
   * Connects at once, or checks that the connection is alive: it is dropped after 10 s of silence.
   * @returns {void}
   */
  wake() {
    this.connect();
    this.#ping();
  }

  /**
   * Drops a connection that is known to be dead, without waiting for the closing handshake.
   * @returns {void}
   */
  drop() {
    if (!this.#socket) return;
    this.#abandon();
    this.#lost(0, "");
  }

  /** Reconnects at once without counting a failure; does nothing unless connected. @returns {void} */
  renew() {
    if (this.#status.state !== "open") return;
    this.#abandon();
    this.#socket = undefined;
    this.#stopWaiting();
    this.emit("lost", 0);
    this.connect();
  }

  /** Disconnects for good. @returns {void} */
  end() {
    this.#isEnded = true;
    this.#abandon();
    this.#stopWaiting();
    clearTimeout(this.#retryTimer);
  }

  /** @param {object} frame @returns {boolean} whether there was a connection to send it on */
  send(frame) {
    if (this.#status.state !== "open" || !this.#socket) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Drops the connection unless {@link gotAnswer} is called within 10 s. @returns {void} */
  expectAnswer() {
    clearTimeout(this.#answerTimer);
    this.#answerTimer = setTimeout(() => this.drop(), ANSWER_WITHIN_MS);
  }

  /** Ends the wait that {@link expectAnswer} began. @returns {void} */
  gotAnswer() {
    clearTimeout(this.#answerTimer);
  }

  /**
   * Notes that the server has admitted this client. An open socket doesn't prove it: it may be closed at once.
   * @returns {void}
   */
  succeed() {
    this.#failures = 0;
  }

  /** @param {number} code @param {string} reason @returns {void} */
  #lost(code, reason) {
    this.#socket = undefined;
    this.#stopWaiting();
    this.emit("lost", code);
    if (code === CLOSE.notSignedIn || code === CLOSE.notAllowed) {
      this.#isEnded = !mayBeLifted(reason);
      if (!this.#isEnded) this.#connectIn(jitteredMs(RETURN_AFTER_MS, this.#random));
      return this.#report({ state: "refused", code, reason });
    }
    this.#failures += code === CLOSE.tooMany ? TOO_MANY_FAILURES : 1;
    const askedMs = askedWaitMs(reason);
    const waitMs = askedMs ? jitteredMs(askedMs, this.#random) : backoffMs(this.#failures, this.#random);
    this.#connectIn(waitMs);
    const retryAt = Date.now() + waitMs;
    const waiting = { state: /** @type {const} */ ("waiting"), retryAt, code, reason };
    this.#report({ ...waiting, ...(this.#trouble && { trouble: this.#trouble }) });
    if (this.#unopened < UNOPENED_BEFORE_ASKING || this.#trouble) return;
    this.#findTrouble().then((found) => {
      if (!found || this.#status.retryAt !== retryAt) return;
      this.#trouble = found;
      this.#report({ ...waiting, trouble: found });
    });
  }

  /** Asks over HTTP why sockets don't open, which browsers don't say. @returns {Promise<Trouble | undefined>} */
  async #findTrouble() {
    const { ok, code } = await ask("POST", "/api/socket");
    if (ok) return "no_sockets";
    return code === "origin_not_allowed" ? "origin_refused" : undefined;
  }

  /** @param {number} ms */
  #connectIn(ms) {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.connect(), ms);
  }

  /** Sends a ping, unless one is unanswered. */
  #ping() {
    if (this.#silenceTimer || !this.send({ type: "ping" })) return;
    this.#silenceTimer = setTimeout(() => this.drop(), ANSWER_WITHIN_MS);
  }

  #silenceEnded() {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = undefined;
  }

  #stopWaiting() {
    this.gotAnswer();
    this.#silenceEnded();
    clearInterval(this.#pingTimer);
  }

  #abandon() {
    const socket = this.#socket;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /** @param {Status} status @returns {void} */
  #report(status) {
    this.#status = status;
    this.emit("status", status);
  }
}
