/**
 * The feed: events that backends post for the dashboards, and alerts of the service, in one order and kept for a day.
 *
 * | key | value |
 * | --- | --- |
 * | `["event", versionstamp]` | `{ at, text }`: when, and the frame as it goes to the dashboards |
 * | `["event_id", id]` | `true`: an event that may be posted again has been posted |
 * | `["alert", code]` | when this was last warned of, in milliseconds since the epoch |
 *
 * KV is the truth. A post on the channel only makes the others read at once what they would read seconds later.
 */
import type { Channel, Post } from "../cluster/channel.ts";
import type { Problem } from "./dashboard.ts";
import { keysAfter, newestStamp, versionstampKey } from "../kv/versionstamp_key.ts";

/** Something that an admin should know at once. */
export interface Alert {
  readonly level: "info" | "warning" | "critical";
  /** What it is about, for programs and for pages that speak another language. */
  readonly code: string;
  /** One sentence for people, without keys, tokens and what people wrote. */
  readonly message: string;
  /** The numbers in it, for pages that say it in their own language. */
  readonly values?: Readonly<Record<string, number>>;
  /** Why, as a sentence in English, and which one that is; missing where the message is all there is. */
  readonly problem?: Problem & { readonly message: string };
}

/** Something that was posted. */
export interface PastEvent {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The frame, as JSON. */
  readonly text: string;
}

interface EventFeedParts {
  readonly kv: Deno.Kv;
  readonly channel: Channel | undefined;
  readonly now: () => number;
  readonly failed: (error: unknown) => void;
}

/** The most characters of a frame; as UTF-8 it fits into a value of KV, which has 65,536 bytes. */
export const MAX_EVENT_LENGTH = 16_384;
const EVENT = "event";
const KEPT_MS = 24 * 60 * 60 * 1000;
/** The newest events, which are kept. */
const MOST_KEPT = 500;
/** Events posted here between two removals of the surplus. */
const TRIM_EVERY = 100;
/** Time until the same alert is sent again. */
const ALERT_AGAIN_MS = 10 * 60_000;

type Stored = Omit<PastEvent, "id">;

/** Events and alerts of a day, in one order for all dashboards. */
export class EventFeed {
  readonly #parts: EventFeedParts;
  readonly #listeners = new Set<(text: string) => void>();
  #cursor = "";
  #posted = 0;
  #polling: Promise<void> = Promise.resolve();

  constructor(parts: EventFeedParts) {
    this.#parts = parts;
  }

  /** Posts a frame to all dashboards; under an `id` once, within a day. Throws `RangeError` when it is too long. */
  async post(frame: { readonly type: string }, id?: string): Promise<void> {
    const commit = this.#parts.kv.atomic();
    const key = ["event_id", String(id)];
    if (id !== undefined) commit.check({ key, versionstamp: null }).set(key, true, { expireIn: KEPT_MS });
    await this.#add(commit, frame);
  }

  /** Alerts all dashboards in the background, unless anybody alerted them of the same within `onceInMs`. Never throws. */
  alert(alert: Alert, onceInMs: number = ALERT_AGAIN_MS): void {
    this.warn(alert, onceInMs).catch(this.#parts.failed);
  }

  /** Alerts all dashboards, unless any isolate alerted them of the same within `onceInMs`. */
  async warn(alert: Alert, onceInMs: number): Promise<void> {
    const { kv, now } = this.#parts;
    const entry = await kv.get<number>(["alert", alert.code]);
    if (entry.value !== null && now() - entry.value < onceInMs) return;
    const commit = kv.atomic().check(entry).set(entry.key, now(), { expireIn: KEPT_MS });
    await this.#add(commit, { type: "alert", ...alert, timestamp: new Date(now()).toISOString() });
  }

  /** Calls `listener` with each frame from now on, until what it resolves to is called. */
  async listen(listener: (text: string) => void): Promise<() => void> {
    if (!this.#listeners.size) {
      const newest = await newestStamp(this.#parts.kv, [EVENT]);
      // Another one who has come meanwhile may have been sent more.
      if (newest > this.#cursor) this.#cursor = newest;
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The last events of a day, the newest first. */
  async past(limit: number): Promise<PastEvent[]> {
    const { kv, now } = this.#parts;
    const events = await Array.fromAsync(
      kv.list<Stored>({ prefix: [EVENT] }, { reverse: true, limit }),
      ({ key, value }) => ({ id: String(key[1]), ...value }),
    );
    return events.filter(({ at }) => now() - at < KEPT_MS);
  }

  receive(post: Post): void {
    if (post.type === "feed") this.poll().catch(this.#parts.failed);
  }

  /** Sends new events to the listeners. */
  poll(): Promise<void> {
    return this.#polling = this.#polling.catch(() => {}).then(() => this.#poll());
  }

  /** Removes events that are over a day old, and all but the newest {@link MOST_KEPT}. */
  async trim(): Promise<void> {
    const { kv, now } = this.#parts;
    let count = 0;
    for await (const { key, value } of kv.list<Stored>({ prefix: [EVENT] }, { reverse: true })) {
      if (++count > MOST_KEPT || now() - value.at >= KEPT_MS) await kv.delete(key);
    }
  }

  async #add(commit: Deno.AtomicOperation, frame: object): Promise<void> {
    const { kv, channel, now, failed } = this.#parts;
    const text = JSON.stringify(frame);
    if (text.length > MAX_EVENT_LENGTH) {
      throw new RangeError(`Posting failed: the event has ${text.length} characters, of ${MAX_EVENT_LENGTH}`);
    }
    const stored: Stored = { at: now(), text };
    commit.set(versionstampKey(kv, EVENT), stored, { expireIn: KEPT_MS });
    if (!(await commit.commit()).ok) return;
    channel?.post({ type: "feed" });
    // It is stored, even when it can't be read now.
    await this.poll().catch(failed);
    if (++this.#posted % TRIM_EVERY === 0) await this.trim();
  }

  async #poll(): Promise<void> {
    if (!this.#listeners.size) return;
    for await (const { key, value } of this.#parts.kv.list<Stored>(keysAfter(this.#cursor, EVENT))) {
      this.#cursor = String(key[1]);
      for (const listener of this.#listeners) listener(value.text);
    }
  }
}
