/** People at a document: with the stock Yjs provider, and in plain text frames. */
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { Client, type Frame } from "./client.ts";
import type { Visitor } from "./visitor.ts";

const PATIENCE_MS = 30_000;

/** Somebody with the provider that everybody uses, whose document outlives its connections. */
export class Editor implements AsyncDisposable {
  readonly doc = new Y.Doc();
  readonly text: Y.Text = this.doc.getText("content");
  readonly closes: number[] = [];
  readonly #visitor: Visitor;
  #provider: WebsocketProvider | undefined;
  #closed: Promise<unknown> = Promise.resolve();

  constructor(visitor: Visitor) {
    this.#visitor = visitor;
  }

  /** Connects to a document, and waits until both sides have all of it. */
  static async at(origin: string, id: string, visitor: Visitor): Promise<Editor> {
    const editor = new Editor(visitor);
    editor.connect(origin, id);
    await editor.synced();
    return editor;
  }

  get provider(): WebsocketProvider {
    if (!this.#provider) throw new Error("Not connected");
    return this.#provider;
  }

  get isSynced(): boolean {
    return this.#provider?.synced ?? false;
  }

  connect(origin: string, id: string): void {
    const headers = { cookie: this.#visitor.cookie };
    const { promise, resolve } = Promise.withResolvers<void>();
    let open = 0;
    const closes = this.closes;
    class Socket extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, { headers, protocols });
        open++;
        this.addEventListener("close", ({ code }) => {
          closes.push(code);
          if (--open === 0) resolve();
        });
      }
    }
    this.#closed = promise;
    this.#provider = new WebsocketProvider(`${origin.replace("http", "ws")}/ws/documents`, id, this.doc, {
      disableBc: true,
      WebSocketPolyfill: Socket as typeof WebSocket,
    });
  }

  synced(): Promise<void> {
    return until(() => this.isSynced, `a document is synced; closed with ${this.closes}`);
  }

  /** Cuts the connection; the document stays. */
  async disconnect(): Promise<void> {
    const provider = this.#provider;
    if (!provider) return;
    this.#provider = undefined;
    const wasConnected = provider.ws !== null;
    // Its next try, which comes to nothing, is set up all the same: it shall be over before the test is.
    provider.maxBackoffTime = 0;
    provider.destroy();
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (wasConnected) await this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
    this.doc.destroy();
  }
}

/** Somebody whose client knows nothing of Yjs: it edits a string, and applies what it is told. */
export class Typist implements AsyncDisposable {
  content = "";
  readonly client: Client;
  #read = 0;
  #count = 0;

  constructor(origin: string, id: string, visitor: Visitor) {
    this.client = new Client(`${origin.replace("http", "ws")}/ws/documents/${id}/`, {
      headers: { cookie: visitor.cookie },
    });
  }

  static async at(origin: string, id: string, visitor: Visitor): Promise<Typist> {
    const typist = new Typist(origin, id, visitor);
    await typist.client.until((frames) => frames.some(({ type }) => type === "document_content"));
    typist.catchUp();
    return typist;
  }

  /** Applies what has come. */
  catchUp(): void {
    const { frames } = this.client;
    while (this.#read < frames.length) this.#take(frames[this.#read++]);
  }

  insert(position: number, text: string): void {
    this.#edit({ action: "insert", position, text });
  }

  delete(position: number, length: number): void {
    this.#edit({ action: "delete", position, text: this.content.slice(position, position + length) });
  }

  /** Resolves when all that was sent is durable. */
  async saved(): Promise<void> {
    const id = String(++this.#count);
    this.client.send({ type: "save", client_id: id });
    await this.client.until((frames) =>
      frames.some((frame) => frame.type === "saved" && frame.client_id === id)
    );
  }

  #edit(edit: { action: "insert" | "delete"; position: number; text: string }): void {
    this.#take({ type: "edit", ...edit });
    this.client.send({ type: "edit", ...edit });
  }

  #take({ type, content, action, position, text }: Frame): void {
    if (type === "document_content") this.content = content;
    if (type !== "edit") return;
    const end = action === "delete" ? position + text.length : position;
    this.content = this.content.slice(0, position) + (action === "insert" ? text : "") +
      this.content.slice(end);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}

/** Resolves once something holds. */
export async function until(holds: () => boolean, what: string = String(holds)): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`It never came to hold: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
