import { ask } from "../api.js";
import { backoffMs, jitteredMs } from "./backoff.js";
import { askedWaitMs, CLOSE, mayBeLifted } from "./closing.js";
import { Emitter } from "../emitter.js";
import { decodeFrames } from "./frames.js";

/** @import { Heard } from "./frames.js" */

/** How long an answer may take: of a server that is asked for one, and of one that is connected to. */
const PATIENCE_MS = 10_000;
/**
 * How often a connection is tried out. Whatever stands between may swallow what is sent without a word, and browsers don't
 * say whether the server still answers their own pings.
 */
const PING_EVERY_MS = 30_000;
/** When so many sockets in a row didn't open at all, the service is asked why. */
const UNOPENED_BEFORE_ASKING = 3;
/** Counts as this many failures: whoever is one too many should not hurry back. */
const TOO_MANY_FAILURES = 5;
/** How long after a refusal that may be lifted it is tried again. */
const RETURN_AFTER_MS = 30_000;

/**
 * How it stands with the server. `retryAt` (milliseconds since the epoch) comes with `waiting`, with `trouble`
 * where it is known what stands in the way; `code` and `reason` come with `waiting` and `refused`. After a refusal nothing
 * is tried any more, except where it is the room that lets nobody in: it may be opened again, and is tried every 30 s.
 * @typedef {"origin_refused" | "no_sockets"} Trouble
 * @typedef {{ state: "connecting" | "open" | "waiting" | "refused", retryAt?: number, trouble?: Trouble, code?: number, reason?: string }} Status
 */

/**
 * @typedef {object} ConnectionEvents
 * @property {Status} status
 * @property {Heard} frame
 * @property {number} lost the close code or 0, before the status says what comes next
 */

/**
 * A WebSocket that comes back: with backoff, after as long as the server asks for, or at once when told to.
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
  /** Sockets in a row that didn't open. */
  #unopened = 0;
  /** @type {Trouble | undefined} why they don't, as far as the service says */
  #trouble;
  #isEnded = false;
  /** @type {number | undefined} */
  #retryTimer;
  /** @type {number | undefined} */
  #patienceTimer;
  /** @type {number | undefined} */
  #pingTimer;
  /** Runs from a ping until anything is heard. @type {number | undefined} */
  #silenceTimer;

  /**
   * @param {object} parts
   * @param {() => URL} parts.address asked for anew before every try
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
    // What the server says before it closes: the close itself may come as 1006, without its reason.
    /** @type {{ code: number, reason: string } | undefined} */
    let closing;
    socket.onmessage = ({ data }) => {
      this.#heard();
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
   * Connects at once, or finds out whether the connection is still alive: it is dropped after 10 s of silence.
   * @returns {void}
   */
  wake() {
    this.connect();
    this.#ping();
  }

  /**
   * Drops a connection that can't be alive any more, without waiting for its close to be answered.
   * @returns {void}
   */
  drop() {
    if (!this.#socket) return;
    this.#abandon();
    this.#lost(0, "");
  }

  /** Connects anew at once, which is no failure; does nothing unless connected. @returns {void} */
  renew() {
    if (this.#status.state !== "open") return;
    this.#abandon();
    this.#socket = undefined;
    this.#stopWaiting();
    this.emit("lost", 0);
    this.connect();
  }

  /** Leaves for good. @returns {void} */
  end() {
    this.#isEnded = true;
    this.#abandon();
    this.#stopWaiting();
    clearTimeout(this.#retryTimer);
  }

  /** @param {object} frame @returns {boolean} whether there is a connection that it could be sent over */
  send(frame) {
    if (this.#status.state !== "open" || !this.#socket) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Drops the connection unless {@link gotAnswer} is called within 10 s. @returns {void} */
  expectAnswer() {
    clearTimeout(this.#patienceTimer);
    this.#patienceTimer = setTimeout(() => this.drop(), PATIENCE_MS);
  }

  /** @returns {void} */
  gotAnswer() {
    clearTimeout(this.#patienceTimer);
  }

  /**
   * Notes that the server has let us in; an open socket alone may be closed again at once.
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

  /** Asks over HTTP what sockets don't tell. @returns {Promise<Trouble | undefined>} */
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

  /** Asks for a sign of life, unless one is waited for already. */
  #ping() {
    if (this.#silenceTimer || !this.send({ type: "ping" })) return;
    this.#silenceTimer = setTimeout(() => this.drop(), PATIENCE_MS);
  }

  #heard() {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = undefined;
  }

  #stopWaiting() {
    this.gotAnswer();
    this.#heard();
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
