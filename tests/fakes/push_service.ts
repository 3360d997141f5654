/** A stand-in for a push service, and the browsers that subscribed at it: decrypts what comes (RFC 8291). */
import { Buffer } from "node:buffer";
import { createDecipheriv, createECDH, createHmac, type ECDH, randomBytes } from "node:crypto";

/** A push as the browser gets it. */
export interface Received {
  readonly browser: string;
  // deno-lint-ignore no-explicit-any -- what was sent is what the tests look at
  readonly payload: any;
  readonly topic: string;
  readonly ttl: string;
  /** Of the signature: whom it is for, who sent it, and when it ends, in seconds since the epoch. */
  readonly claims: { readonly aud: string; readonly sub: string; readonly exp: number };
}

/** What `PushSubscription.toJSON()` gives. */
export interface Subscription {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

/** A push service that answers as it is told to. */
export class FakePushService implements AsyncDisposable {
  /** What came, answered with 201. */
  readonly received: Received[] = [];
  /** The statuses of all answers, in order. */
  readonly answers: number[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #browsers = new Map<string, { ecdh: ECDH; auth: Uint8Array }>();
  readonly #faults: { status: number; headers: Record<string, string> }[] = [];
  /** Requests that came, answered or not. */
  requests = 0;
  #waiting: (() => void)[] = [];
  #gate: Promise<void> | undefined;

  constructor() {
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      (request) => this.#answer(request),
    );
  }

  /** Its origin, for `PUSH_ORIGINS`. */
  get origin(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** A browser subscribes. */
  subscribe(browser: string): Subscription {
    const ecdh = createECDH("prime256v1");
    const p256dh = ecdh.generateKeys("base64url");
    const auth = randomBytes(16);
    this.#browsers.set(browser, { ecdh, auth });
    return { endpoint: `${this.origin}/${browser}`, keys: { p256dh, auth: auth.toString("base64url") } };
  }

  /** Answers the next pushes with these statuses. */
  next(statuses: readonly number[], headers: Record<string, string> = {}): void {
    this.#faults.push(...statuses.map((status) => ({ status, headers })));
  }

  /** Answers with 201 from now on. */
  recover(): void {
    this.#faults.length = 0;
  }

  /** Answers nothing until the function that it returns is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  /** Resolves when `matches`. */
  async until(matches: () => boolean): Promise<void> {
    while (!matches()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const body = new Uint8Array(await request.arrayBuffer());
    const browser = new URL(request.url).pathname.slice(1);
    this.requests++;
    this.#wake();
    await this.#gate;
    const { status, headers } = this.#faults.shift() ?? { status: 201, headers: {} };
    this.answers.push(status);
    if (status === 201) this.received.push(this.#received(browser, request, body));
    this.#wake();
    return new Response(null, { status, headers });
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #received(browser: string, request: Request, body: Uint8Array): Received {
    const { ecdh, auth } = this.#browsers.get(browser) ?? {};
    if (!ecdh || !auth) throw new Error(`Nobody subscribed as ${browser}`);
    const [, token = ""] = /^vapid t=([^,]+), ?k=/.exec(request.headers.get("authorization") ?? "") ?? [];
    return {
      browser,
      payload: JSON.parse(decrypted(body, ecdh, auth)),
      topic: request.headers.get("topic") ?? "",
      ttl: request.headers.get("ttl") ?? "",
      claims: JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"))),
    };
  }
}

/** RFC 8291, 3.4, and RFC 8188: one record of aes128gcm. */
function decrypted(body: Uint8Array, ecdh: ECDH, auth: Uint8Array): string {
  const salt = body.subarray(0, 16);
  const idLength = body[20];
  const sender = body.subarray(21, 21 + idLength);
  const record = body.subarray(21 + idLength);
  const info = (text: string, ...rest: Uint8Array[]): Uint8Array =>
    Buffer.concat([Buffer.from(text), ...rest]);
  const secret = hkdf(
    auth,
    ecdh.computeSecret(sender),
    info("WebPush: info\0", ecdh.getPublicKey(), sender),
    32,
  );
  const key = hkdf(salt, secret, info("Content-Encoding: aes128gcm\0"), 16);
  const nonce = hkdf(salt, secret, info("Content-Encoding: nonce\0"), 12);
  const decipher = createDecipheriv("aes-128-gcm", key, nonce);
  decipher.setAuthTag(record.subarray(-16));
  const plain = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
  // A delimiter and padding follow.
  return plain.subarray(0, plain.lastIndexOf(2)).toString();
}

function hkdf(salt: Uint8Array, secret: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  const pseudorandom = createHmac("sha256", salt).update(secret).digest();
  return createHmac("sha256", pseudorandom).update(info).update(new Uint8Array([1])).digest().subarray(
    0,
    length,
  );
}
