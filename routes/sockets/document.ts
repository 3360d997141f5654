/** `/ws/documents/:id/`: the socket of a document. */
import { Hono } from "hono";
import { RateLimiter } from "limiter";
import { DocumentRefusal } from "../../rooms/documents/document_access.ts";
import { DOCUMENT_ID, type Documents, type OpenParticipation } from "../../rooms/documents/documents.ts";
import { MAX_FRAME_BYTES, MAX_UPDATE_FRAME_BYTES } from "../../rooms/documents/plain_frames.ts";
import { CLOSE } from "../../rooms/protocol.ts";
import type { Bindings } from "../authentication.ts";
import { HttpError } from "../errors.ts";
import { errorFields, type Logger } from "../logger.ts";
import { type AccountConnection, type AccountConnectionOwner, accountSocket } from "./account_socket.ts";
import type { SocketUpgrade } from "./upgrade.ts";
import type { Frame } from "./socket.ts";
import { isTooLarge } from "./connection.ts";

/** What {@link documentSocket} works with. */
export interface DocumentSocketOptions {
  readonly upgrade: SocketUpgrade;
  readonly log: Logger;
  readonly documents: Documents;
}

/** A client that speaks Yjs sends at once; one that is silent for this long waits for the text. */
const SILENT_MS = 250;
/** Fast typing makes 20 frames a second, cursor frames included; the limit is five times that. */
const FRAMES_PER_MINUTE = 6_000;
const BYTES_PER_MINUTE = 32 * 1024 * 1024;
/** Frames that may come while the document is loaded. */
const MAX_EARLY_FRAMES = 1_000;

/** The route of documents' sockets. */
export function documentSocket(options: DocumentSocketOptions): Hono<{ Bindings: Bindings }> {
  const app = new Hono<{ Bindings: Bindings }>();
  for (const path of ["/ws/documents/:id/", "/ws/documents/:id"]) {
    app.use(path, async (c, next) => {
      documentIdIn(c.req.param("id") ?? "");
      await next();
    });
  }
  return app.route(
    "/",
    accountSocket({
      ...options,
      path: "/ws/documents/:id",
      maxFrameBytes: MAX_UPDATE_FRAME_BYTES,
      hasBinaryProtocol: true,
      framesPerMinute: FRAMES_PER_MINUTE,
      serve: (connection, { id }) => new DocumentConnection(documentIdIn(id), connection, options),
    }),
  );
}

/**
 * The document's id in a path, in NFC.
 *
 * @throws {HttpError} 400 when it can't be one.
 */
export function documentIdIn(text: string): string {
  const id = text.normalize("NFC");
  if (DOCUMENT_ID.test(id)) return id;
  throw new HttpError(400, "invalid_document", "A document's id has 1 to 64 letters, digits, _ or -");
}

/** A connection that joins its document once it is known whether the client speaks Yjs or plain frames. */
class DocumentConnection implements AccountConnectionOwner {
  readonly #id: string;
  readonly #connection: AccountConnection;
  readonly #options: DocumentSocketOptions;
  readonly #bytes = new RateLimiter({ tokensPerInterval: BYTES_PER_MINUTE, interval: "minute" });
  #kind: "yjs" | "plain" | undefined;
  #participation: OpenParticipation | undefined;
  #early: Frame[] = [];
  #hasSpoken = false;
  #hasLeft = false;
  readonly #silence: ReturnType<typeof setTimeout>;

  constructor(id: string, connection: AccountConnection, options: DocumentSocketOptions) {
    this.#id = id;
    this.#connection = connection;
    this.#options = options;
    this.#silence = setTimeout(() => this.#join("plain"), SILENT_MS);
  }

  receive(frame: Frame): void {
    const isText = typeof frame === "string";
    if (isText && isTooLarge(frame, MAX_FRAME_BYTES)) {
      return void this.#connection.close(
        CLOSE.frameTooLarge,
        `A text frame has at most ${MAX_FRAME_BYTES} bytes`,
      );
    }
    if (!this.#bytes.tryRemoveTokens(isText ? frame.length : frame.byteLength)) {
      return void this.#connection.close(CLOSE.tooMany, "Too much at once");
    }
    // A slow network made a Yjs client look silent.
    const isLate = this.#kind === "plain" && !isText && !this.#hasSpoken;
    this.#hasSpoken = true;
    if (!this.#kind || isLate) this.#join(isText ? "plain" : "yjs");
    if (this.#participation) this.#participation.receive(frame);
    else if (this.#early.push(frame) > MAX_EARLY_FRAMES) {
      void this.#connection.close(CLOSE.tooMany, "Too many frames before being let in");
    }
  }

  left(): void {
    this.#hasLeft = true;
    clearTimeout(this.#silence);
    this.#participation?.leave();
    this.#participation = undefined;
  }

  #join(kind: "yjs" | "plain"): void {
    clearTimeout(this.#silence);
    this.#participation?.leave();
    this.#participation = undefined;
    this.#kind = kind;
    this.#participate(kind).catch((error) => {
      this.#options.log.error("document_failed", { document: this.#id, ...errorFields(error) });
      void this.#connection.close(CLOSE.internal, "Internal server error");
    });
  }

  async #participate(kind: "yjs" | "plain"): Promise<void> {
    const participation = await this.#options.documents.join(this.#id, this.#connection, kind).catch(
      (error) => {
        if (error instanceof DocumentRefusal) return error;
        throw error;
      },
    );
    if (participation instanceof DocumentRefusal) {
      return void this.#connection.close(CLOSE.notAllowed, participation.message);
    }
    if (!participation) {
      return void this.#connection.close(CLOSE.tooMany, "Too many people are at this document");
    }
    if (this.#hasLeft || kind !== this.#kind) return participation.leave();
    this.#participation = participation;
    for (const frame of this.#early.splice(0)) participation.receive(frame);
  }
}
