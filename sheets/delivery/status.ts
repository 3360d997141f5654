/** The status of delivery, wherever rows are written: here, or at another isolate or machine, which posts it. */
import type { Channel, Post } from "../../rooms/cluster/channel.ts";
import type { Clock } from "../../rooms/clock.ts";
import type { DeliveryStatus, Flusher } from "./flusher.ts";
import type { Trouble } from "./troubles.ts";
import type { Notice, Problem } from "../sheet.ts";

/** A notice for the operator, and since when it applies, in ISO 8601. */
export interface StandingNotice {
  readonly code: string;
  readonly message: string;
  readonly since: string;
}

const POST_EVERY_MS = 3_000;
/** The status of another isolate expires after this many missed posts. */
const MAX_MISSED_POSTS = 3;
/** A notice expires after this time unless it is given again. */
const NOTICE_MS = 60 * 60_000;

/** The status that all isolates share. */
export class SharedDeliveryStatus {
  readonly #flusher: Pick<Flusher, "status" | "probe">;
  readonly #channel: Channel | undefined;
  readonly #clock: Clock;
  #remote: Trouble | undefined;
  #missedPosts = 0;
  #notice: (StandingNotice & { readonly at: number }) | undefined;
  #remoteNotice: StandingNotice | undefined;
  #missedNoticePosts = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Without a channel, rows are written here and nowhere else. */
  constructor(flusher: Pick<Flusher, "status" | "probe">, channel: Channel | undefined, clock: Clock) {
    this.#flusher = flusher;
    this.#channel = channel;
    this.#clock = clock;
  }

  /** Posts the status every 3 s from now on. */
  open(): void {
    if (!this.#channel) return;
    this.#timer = setInterval(() => {
      if (this.#remote && ++this.#missedPosts > MAX_MISSED_POSTS) this.#remote = undefined;
      this.postTrouble(troubleIn(this.#flusher.status));
      if (this.#remoteNotice && ++this.#missedNoticePosts > MAX_MISSED_POSTS) this.#remoteNotice = undefined;
      this.#postNotice();
    }, POST_EVERY_MS);
  }

  /** Posts no more. */
  close(): void {
    clearInterval(this.#timer);
  }

  /** The status here, or that of the isolate with trouble. */
  get status(): DeliveryStatus {
    return troubleIn(this.#flusher.status) ?? this.#remote ?? this.#flusher.status;
  }

  /** What the operator should know although rows are written, for an hour after the last occurrence. */
  get notice(): StandingNotice | undefined {
    if (this.#notice && this.#clock.elapsed() - this.#notice.at > NOTICE_MS) this.#notice = undefined;
    if (!this.#notice) return this.#remoteNotice;
    const { code, message, since } = this.#notice;
    return { code, message, since };
  }

  /** Takes a notice of the sheet here. */
  note({ code, message }: Notice): void {
    const now = new Date(this.#clock.now()).toISOString();
    const since = this.#notice?.message === message ? this.#notice.since : now;
    this.#notice = { code, message, since, at: this.#clock.elapsed() };
    this.#postNotice();
  }

  /** Has the isolate that writes rows try again at once. */
  probe(): void {
    this.#flusher.probe();
    this.#channel?.post({ type: "probe" });
  }

  /** Posts the trouble here, if there is any. */
  postTrouble(trouble: Trouble | undefined): void {
    if (trouble) this.#channel?.post({ type: "log", ...trouble });
  }

  #postNotice(): void {
    if (!this.notice || !this.#notice) return;
    const { code, message, since } = this.#notice;
    this.#channel?.post({ type: "log_notice", code, message, since });
  }

  /** Takes a post of another isolate. */
  receive(post: Post): void {
    if (post.type === "probe") this.#flusher.probe();
    else if (post.type === "log_notice") {
      const { code, message, since } = post;
      this.#remoteNotice = { code, message, since };
      this.#missedNoticePosts = 0;
    } // Rows are written again.
    else if (post.type === "settled") this.#remote = undefined;
    else if (post.type === "log") {
      const { type: _, ...trouble } = post;
      this.#remote = trouble;
      this.#missedPosts = 0;
    }
  }
}

/** Which sentence says why rows aren't written; null where none does. */
export function problemIn(status: DeliveryStatus): Problem | null {
  const { code, values = {} } = troubleIn(status) ?? {};
  return code === undefined ? null : { code, values };
}

function troubleIn(status: DeliveryStatus): Trouble | undefined {
  return "reason" in status ? status : undefined;
}
