/**
 * The news of reports: whoever waits for one hears how far it is, wherever in the cluster it is made.
 *
 * Posts say that a report has moved on, and KV says how far: what a lost post would have told, a look every few
 * seconds finds.
 */
import type { Channel, Post } from "../cluster/channel.ts";
import { isUnfinished, type Report } from "./report.ts";
import type { ReportStore } from "./report_store.ts";

/** Somebody who wants to hear of their reports. */
export interface Listener {
  /** The account's id. */
  readonly owner: string;
  /** Since when somebody listens, in milliseconds since the epoch: what was finished before is no news. */
  readonly since: number;
  hear(report: Report): void;
}

interface Seat {
  readonly listener: Listener;
  /** By the report's id, the last revision that was told. */
  readonly told: Map<string, number>;
}

const LOOK_EVERY_MS = 2_000;

export class ProgressFeed {
  readonly #store: ReportStore;
  readonly #channel: Channel | undefined;
  readonly #failed: (error: unknown) => void;
  readonly #seats = new Set<Seat>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `failed` is called when a look failed; the next one makes up for it. */
  constructor(parts: {
    store: ReportStore;
    channel: Channel | undefined;
    failed: (error: unknown) => void;
  }) {
    this.#store = parts.store;
    this.#channel = parts.channel;
    this.#failed = parts.failed;
  }

  /** Tells the listener of each report that is under way, and then of each change, until the answer is called. */
  async listen(listener: Listener): Promise<() => void> {
    const seat: Seat = { listener, told: new Map() };
    this.#seats.add(seat);
    // Without a channel there is nobody else who could change anything.
    if (this.#channel) this.#timer ??= setInterval(() => this.#look(this.#owners()), LOOK_EVERY_MS);
    try {
      await this.#read(listener.owner);
    } catch (error) {
      this.#leave(seat);
      throw error;
    }
    return () => this.#leave(seat);
  }

  /** A report has changed here. */
  changed(report: Report): void {
    this.#tell(report);
    this.#channel?.post({ type: "report", owner: report.owner });
  }

  /** A post of another isolate. */
  receive(post: Post): void {
    if (post.type === "report" && this.#owners().has(post.owner)) this.#look(new Set([post.owner]));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #leave(seat: Seat): void {
    this.#seats.delete(seat);
    if (!this.#seats.size) this.close();
  }

  #owners(): Set<string> {
    return new Set(Array.from(this.#seats, ({ listener }) => listener.owner));
  }

  #look(owners: Iterable<string>): void {
    for (const owner of owners) this.#read(owner).catch(this.#failed);
  }

  async #read(owner: string): Promise<void> {
    for (const report of await this.#store.list(owner)) this.#tell(report);
  }

  #tell(report: Report): void {
    const { id, owner, revision, changedAt } = report;
    for (const { listener, told } of this.#seats) {
      if (listener.owner !== owner || revision <= (told.get(id) ?? 0)) continue;
      if (!isUnfinished(report) && !told.has(id) && changedAt < listener.since) continue;
      told.set(id, revision);
      listener.hear(report);
    }
  }
}
