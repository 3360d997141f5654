/**
 * Sends the progress of reports to those who requested them, at whichever isolate the report is made.
 *
 * A post only says that a report has changed; its progress is read from KV. As posts may be lost, the reports of all
 * listeners are also polled.
 */
import type { Channel, Post } from "../cluster/channel.ts";
import { isUnfinished, type Report } from "./report.ts";
import type { ReportStore } from "./report_store.ts";

/** A connection that receives the progress of its account's reports. */
export interface Listener {
  /** The account's id. */
  readonly owner: string;
  /** Milliseconds since the epoch; reports that were finished before aren't sent. */
  readonly since: number;
  /** Called with each report that is under way, and with each change. */
  changed(report: Report): void;
}

interface Subscription {
  readonly listener: Listener;
  /** By the report's id, the last revision that was sent. */
  readonly sent: Map<string, number>;
}

/** The reports of all listeners are read this often, in case a post was lost. */
const POLL_EVERY_MS = 2_000;

/** The listeners of this isolate. */
export class ProgressFeed {
  readonly #store: ReportStore;
  readonly #channel: Channel | undefined;
  readonly #failed: (error: unknown) => void;
  readonly #subscriptions = new Set<Subscription>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `channel` is missing where there are no other isolates; `failed` is called when a poll failed. */
  constructor(parts: {
    store: ReportStore;
    channel: Channel | undefined;
    failed: (error: unknown) => void;
  }) {
    this.#store = parts.store;
    this.#channel = parts.channel;
    this.#failed = parts.failed;
  }

  /**
   * Sends a listener each report that is under way, and then each change. Answers a function that ends this.
   *
   * @throws {Error} when the reports can't be read
   */
  async listen(listener: Listener): Promise<() => void> {
    const subscription: Subscription = { listener, sent: new Map() };
    this.#subscriptions.add(subscription);
    // Without a channel, no other isolate changes reports.
    if (this.#channel) this.#timer ??= setInterval(() => this.#poll(this.#owners()), POLL_EVERY_MS);
    try {
      await this.#read(listener.owner);
    } catch (error) {
      this.#leave(subscription);
      throw error;
    }
    return () => this.#leave(subscription);
  }

  /** To be called when this isolate has changed a report. */
  changed(report: Report): void {
    this.#send(report);
    this.#channel?.post({ type: "report", owner: report.owner });
  }

  /** Applies a post of another isolate. */
  receive(post: Post): void {
    if (post.type === "report" && this.#owners().has(post.owner)) this.#poll(new Set([post.owner]));
  }

  /** Stops polling. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #leave(subscription: Subscription): void {
    this.#subscriptions.delete(subscription);
    if (!this.#subscriptions.size) this.close();
  }

  #owners(): Set<string> {
    return new Set(Array.from(this.#subscriptions, ({ listener }) => listener.owner));
  }

  #poll(owners: Iterable<string>): void {
    for (const owner of owners) this.#read(owner).catch(this.#failed);
  }

  async #read(owner: string): Promise<void> {
    for (const report of await this.#store.list(owner)) this.#send(report);
  }

  #send(report: Report): void {
    const { id, owner, revision, changedAt } = report;
    for (const { listener, sent } of this.#subscriptions) {
      if (listener.owner !== owner || revision <= (sent.get(id) ?? 0)) continue;
      if (!isUnfinished(report) && !sent.has(id) && changedAt < listener.since) continue;
      sent.set(id, revision);
      listener.changed(report);
    }
  }
}
