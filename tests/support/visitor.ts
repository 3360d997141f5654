/** Somebody who talks to the service over HTTP with a cookie jar, as a browser does, and opens sockets with it. */
import { Client, roomAddress } from "./client.ts";

// deno-lint-ignore no-explicit-any -- what comes over the wire is what the tests look at
type Json = any;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

export class Visitor {
  readonly #origin: string;
  readonly #headers: Record<string, string>;
  readonly cookies = new Map<string, string>();

  /** `headers` go with every request: a token, a proxy's words. */
  constructor(origin: string, headers: Record<string, string> = {}) {
    this.#origin = origin;
    this.#headers = headers;
  }

  /** Somebody who has just signed in. */
  static async signedIn(origin: string, username: string, password: string): Promise<Visitor> {
    const visitor = new Visitor(origin);
    const { status } = await visitor.ask("POST", "/api/session", { username, password });
    if (status !== 200) throw new Error(`Signing ${username} in failed with ${status}`);
    return visitor;
  }

  /** The cookies as a browser sends them. */
  get cookie(): string {
    return Array.from(this.cookies, ([name, value]) => `${name}=${value}`).join("; ");
  }

  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(this.#origin + path, {
      method,
      redirect: "manual",
      headers: {
        ...(this.cookies.size ? { cookie: this.cookie } : {}),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...this.#headers,
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parsed(text) };
  }

  /** The status of an answer, and its code. */
  async outcome(method: string, path: string, body?: unknown): Promise<[status: number, code?: string]> {
    const { status, body: { code } } = await this.ask(method, path, body);
    return code === undefined ? [status] : [status, code];
  }

  /** Opens a room's socket. `query` begins with `?`. */
  socket(room: string, query = ""): Client {
    return new Client(roomAddress(this.#origin, room) + query, {
      headers: { ...this.#headers, cookie: this.cookie },
    });
  }

  /** Enters a room and waits for its history. */
  async enter(room: string, query = ""): Promise<Client> {
    const client = this.socket(room, query);
    await client.next("history");
    return client;
  }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
