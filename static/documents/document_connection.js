import { at } from "../shared/address.js";
import { WebsocketProvider } from "y-websocket";
import { CLOSE } from "../shared/connection/closing.js";
import { Emitter } from "../shared/emitter.js";

/** @import { IndexeddbPersistence } from "y-indexeddb" */
/** @import { Doc } from "yjs" */

/** Edits are collected this long before one question asks whether they are durable. */
const ASK_AFTER_MS = 150;
const MAX_BACKOFF_MS = 10_000;

/** @type {Map<number, "signed_out" | "no_access" | "full" | "refused">} close codes that end it for good */
const REFUSALS = new Map([
  [CLOSE.notSignedIn, "signed_out"],
  [CLOSE.notAllowed, "no_access"],
  [CLOSE.frameTooLarge, "full"],
  [CLOSE.malformed, "refused"],
]);

/**
 * Whether the text is durable. `offline` and `connecting`: edits are on this device only.
 * @typedef {"connecting" | "saving" | "saved" | "offline"} SaveState
 */

/**
 * @typedef {object} DocumentEvents
 * @property {SaveState} state
 * @property {string} trouble the key of the sentence to show
 * @property {"signed_out" | "no_access" | "refused" | "full"} refused there will be no further attempt
 */

/**
 * The connection of a document: the standard Yjs provider, plus the text frames of this service.
 * @extends {Emitter<DocumentEvents>}
 */
export class DocumentConnection extends Emitter {
  #provider;
  /** Number of edits made on this page. */
  #count = 0;
  /** Number of them that are durable; -1 before the first answer. */
  #saved = -1;
  /** @type {number | undefined} */
  #asking;
  /** @type {number | undefined} the code of a `closing` frame */
  #closing;

  /** @param {{ id: string, doc: Doc, kept: IndexeddbPersistence }} parts */
  constructor({ id, doc, kept }) {
    super();
    const url = new URL(at("/ws/documents"), location.href);
    url.protocol = url.protocol.replace("http", "ws");
    /** @param {string} text */
    const receive = (text) => this.#receive(text);
    class Socket extends WebSocket {
      /** @param {string | URL} address @param {string | string[]} [protocols] */
      constructor(address, protocols) {
        super(address, protocols);
        // The provider understands binary frames only. Its listener runs after this one.
        this.addEventListener("message", (event) => {
          if (typeof event.data !== "string") return;
          event.stopImmediatePropagation();
          receive(event.data);
        });
      }
    }
    this.#provider = new WebsocketProvider(url.href, encodeURIComponent(id), doc, {
      connect: false,
      params: { batch: "1" },
      maxBackoffTime: MAX_BACKOFF_MS,
      WebSocketPolyfill: Socket,
      shouldReconnect: ({ code }) => this.#mayReturn(this.#closing ?? code),
    });
    this.#provider.on("status", ({ status }) => {
      if (status === "connected") this.#closing = undefined;
      this.#report();
    });
    // When synchronised, the service has received what was written offline.
    this.#provider.on("sync", (isSynced) => {
      if (isSynced) this.#ask();
      // Others may have removed this client, and ignore states that are not newer than its removal.
      if (isSynced) this.awareness.setLocalState(this.awareness.getLocalState() ?? {});
    });
    // The provider would send back what it receives about others. Only this client's own changes are sent.
    const { awareness, _awarenessUpdateHandler: send } = this.#provider;
    awareness.off("update", send);
    awareness.on("update", (/** @type {any} */ changes, /** @type {unknown} */ origin) => {
      if (origin !== this.#provider) send(changes, origin);
    });
    doc.on("update", (_update, origin) => {
      if (origin === this.#provider || origin === kept) return;
      this.#count++;
      this.#asking ??= setTimeout(() => this.#ask(), ASK_AFTER_MS);
      this.#report();
    });
  }

  get awareness() {
    return this.#provider.awareness;
  }

  /** @returns {SaveState} */
  get state() {
    if (this.#provider.wsconnected) return this.#saved >= this.#count ? "saved" : "saving";
    return this.#saved < 0 && !this.#count ? "connecting" : "offline";
  }

  /** @returns {void} */
  connect() {
    this.#provider.connect();
    addEventListener("online", () => this.#hurry());
    addEventListener("offline", () => this.#drop());
    document.addEventListener("visibilitychange", () => document.hidden || this.#hurry());
    this.#report();
  }

  /** Connects at once instead of waiting for the next attempt. */
  #hurry() {
    if (this.#provider.wsconnected || this.#provider.wsconnecting || !this.#provider.shouldConnect) return;
    this.#provider.connect();
  }

  /** Drops a connection that is known to be dead; it reconnects by itself. */
  #drop() {
    if (!this.#provider.wsconnected) return;
    this.#provider.disconnect();
    this.#provider.connect();
  }

  #ask() {
    clearTimeout(this.#asking);
    this.#asking = undefined;
    const { ws, wsconnected } = this.#provider;
    if (wsconnected) ws?.send(JSON.stringify({ type: "save", client_id: String(this.#count) }));
  }

  /** @param {string} text */
  #receive(text) {
    for (const frame of [JSON.parse(text)].flat()) {
      if (frame.type === "closing") this.#closing = frame.code;
      if (frame.type !== "saved") continue;
      this.#saved = Math.max(this.#saved, Number(frame.client_id));
      this.#report();
    }
  }

  /** @param {number} code @returns {boolean} */
  #mayReturn(code) {
    if (code === CLOSE.tooMany) this.emit("trouble", "crowded");
    const why = REFUSALS.get(code);
    if (why === undefined) return true;
    this.emit("refused", why);
    return false;
  }

  #report() {
    this.emit("state", this.state);
  }
}
