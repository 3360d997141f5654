/** Sends a push: encrypted (RFC 8291), and signed so that the push service can identify its sender (RFC 8292). */
import { createHash } from "node:crypto";
import { isPublicKey } from "./push_keys.ts";
import type { PushSubscription } from "./push_subscriptions.ts";

/** The outcome of a push. */
export type PushOutcome =
  | { readonly type: "sent" | "gone" | "too_large" | "refused"; readonly status: number }
  /** It may be tried again, after this time if the push service says so. */
  | { readonly type: "retry"; readonly status: number; readonly afterMs: number | undefined };

/** The keys with which pushes are signed (VAPID), base64url. */
export interface VapidKeys {
  readonly publicKey: string;
  readonly privateKey: string;
}

const VAPID = ["vapid"];
const DAY_SECONDS = 24 * 60 * 60;
const TIMEOUT_MS = 10_000;
/** A signature ends after a day at the latest (RFC 8292, 2). */
const SIGNATURE_LIFE_MS = 12 * 60 * 60_000;
const SIGNATURE_RENEWED_MS = 60 * 60_000;
/** Push services whose signature is remembered; more start from an empty memory. */
const REMEMBERED = 100;
/** Characters of a topic (RFC 8030, 5.4). */
const TOPIC_LENGTH = 32;

/** Reads the keys, or makes them at the first start: all processes have the same. */
export async function openVapidKeys(kv: Deno.Kv): Promise<VapidKeys> {
  const known = (await kv.get<VapidKeys>(VAPID)).value;
  if (known) return known;
  const { default: webPush } = await import("web-push");
  // Of processes that start at the same time the first one's stay.
  await kv.atomic().check({ key: VAPID, versionstamp: null }).set(VAPID, webPush.generateVAPIDKeys())
    .commit();
  return await openVapidKeys(kv);
}

/** Where pushes to a browser go, and how they are encrypted for it. */
type Browser = Pick<PushSubscription, "endpoint" | "keys">;

interface Encrypted {
  readonly method: string;
  readonly headers: [string, string][];
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Sends pushes. */
export class PushSender {
  readonly #keys: VapidKeys;
  readonly #subject: string;
  readonly #now: () => number;
  /** By push service; `at` is when it was made. */
  readonly #signatures = new Map<string, { header: string; at: number }>();

  /**
   * `subject` is how a push service can reach the operator: a `mailto:` or https address. `now` is in milliseconds
   * since the epoch.
   */
  constructor({ keys, subject, now }: { keys: VapidKeys; subject: string; now: () => number }) {
    this.#keys = keys;
    this.#subject = subject;
    this.#now = now;
  }

  /** Sends a text about a room to one browser; a newer one takes its place as long as it isn't delivered. */
  async send(browser: Browser, room: string, payload: string): Promise<PushOutcome> {
    // Older versions stored keys unchecked.
    if (!isPublicKey(browser.keys.p256dh)) return { type: "gone", status: 0 };
    const response = await this.#post(browser.endpoint, await this.#encrypted(browser, room, payload));
    return response ? outcomeOf(response, this.#now()) : { type: "retry", status: 0, afterMs: undefined };
  }

  /** The answer, without its body; `undefined`: there was none. */
  async #post(endpoint: string, encrypted: Encrypted): Promise<Response | undefined> {
    try {
      const response = await fetch(endpoint, {
        ...encrypted,
        // Only the endpoint was checked, not where it redirects to.
        redirect: "manual",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.body?.cancel();
      return response;
    } catch {
      return undefined;
    }
  }

  async #encrypted({ endpoint, keys }: Browser, room: string, payload: string): Promise<Encrypted> {
    const { default: webPush } = await import("web-push");
    const { method, headers, body } = webPush.generateRequestDetails({ endpoint, keys }, payload, {
      headers: { Authorization: await this.#authorization(new URL(endpoint).origin) },
      TTL: DAY_SECONDS,
      topic: createHash("sha256").update(room).digest("base64url").slice(0, TOPIC_LENGTH),
      contentEncoding: "aes128gcm",
    });
    return {
      method,
      headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
      body: new Uint8Array(body ?? []),
    };
  }

  /** The signature for a push service, which is the same for all pushes to it: to make one takes as long as all the rest. */
  async #authorization(origin: string): Promise<string> {
    const now = this.#now();
    const known = this.#signatures.get(origin);
    if (known && now < known.at + SIGNATURE_RENEWED_MS) return known.header;
    const { default: webPush } = await import("web-push");
    const { publicKey, privateKey } = this.#keys;
    const end = Math.floor((now + SIGNATURE_LIFE_MS) / 1_000);
    const { Authorization: header } = webPush.getVapidHeaders(
      origin,
      this.#subject,
      publicKey,
      privateKey,
      "aes128gcm",
      end,
    );
    if (this.#signatures.size >= REMEMBERED) this.#signatures.clear();
    this.#signatures.set(origin, { header, at: now });
    return header;
  }
}

function outcomeOf({ status, headers }: Response, now: number): PushOutcome {
  if (status >= 200 && status < 300) return { type: "sent", status };
  if (status === 404 || status === 410) return { type: "gone", status };
  if (status === 413) return { type: "too_large", status };
  if (status !== 429 && status < 500) return { type: "refused", status };
  return { type: "retry", status, afterMs: retryAfterMs(headers.get("retry-after"), now) };
}

/** Milliseconds, from a number of seconds or a date (RFC 9110, 10.2.3); `undefined` for anything else. */
function retryAfterMs(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
