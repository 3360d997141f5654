/** Sends a push: encrypted (RFC 8291), and signed so that the push service knows whose it is (RFC 8292). */
import { createHash } from "node:crypto";
import type { PushSubscription } from "./push_subscriptions.ts";

/** What became of a push. */
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

/** Sends pushes. */
export class PushSender {
  readonly #keys: VapidKeys;
  readonly #subject: string;

  /** `subject` is where the push service finds whoever runs this: a `mailto:` or https address. */
  constructor(keys: VapidKeys, subject: string) {
    this.#keys = keys;
    this.#subject = subject;
  }

  /** Sends a text about a room to one browser; a newer one takes its place as long as it isn't delivered. */
  async send({ endpoint, keys }: PushSubscription, room: string, payload: string): Promise<PushOutcome> {
    const { default: webPush } = await import("web-push");
    const { method, headers, body } = webPush.generateRequestDetails({ endpoint, keys }, payload, {
      vapidDetails: { subject: this.#subject, ...this.#keys },
      TTL: DAY_SECONDS,
      topic: createHash("sha256").update(room).digest("base64url").slice(0, TOPIC_LENGTH),
      contentEncoding: "aes128gcm",
    });
    try {
      const response = await fetch(endpoint, {
        method,
        headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
        body: new Uint8Array(body ?? []),
        // An endpoint was checked, where it leads to wasn't.
        redirect: "manual",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.body?.cancel();
      return outcomeOf(response);
    } catch {
      return { type: "retry", status: 0, afterMs: undefined };
    }
  }
}

function outcomeOf({ status, headers }: Response): PushOutcome {
  if (status >= 200 && status < 300) return { type: "sent", status };
  if (status === 404 || status === 410) return { type: "gone", status };
  if (status === 413) return { type: "too_large", status };
  if (status !== 429 && status < 500) return { type: "refused", status };
  const seconds = Number(headers.get("retry-after") ?? NaN);
  return { type: "retry", status, afterMs: Number.isFinite(seconds) ? seconds * 1000 : undefined };
}
