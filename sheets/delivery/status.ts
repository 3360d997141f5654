/** How the log is doing, wherever it is written: here, or at another isolate or machine, which tells by posts. */
import type { Channel, Post } from "../../rooms/cluster/channel.ts";
import type { Clock } from "../../rooms/clock.ts";
import type { DeliveryStatus, Flusher, Trouble } from "./flusher.ts";
import type { Notice } from "../sheet.ts";

/** Something that the operator should know, and since when, ISO 8601. */
export interface StandingNotice {
  readonly code: string;
  readonly message: string;
  readonly since: string;
}

const TELL_EVERY_MS = 3_000;
/** What was heard is forgotten when nothing more is heard for so many times this long. */
const SILENCES = 3;
/** How long a notice stands when it isn't given again. */
const NOTICE_MS = 60 * 60_000;

export class SharedDeliveryStatus {
  readonly #flusher: Pick<Flusher, "status" | "probe">;
  readonly #channel: Channel | undefined;
  readonly #clock: Clock;
  #heard: Trouble | undefined;
  #silences = 0;
  #notice: (StandingNotice & { readonly at: number }) | undefined;
  #heardNotice: StandingNotice | undefined;
  #noticeSilences = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Without a channel the log is written here and nowhere else. */
  constructor(flusher: Pick<Flusher, "status" | "probe">, channel: Channel | undefined, clock: Clock) {
    this.#flusher = flusher;
    this.#channel = channel;
    this.#clock = clock;
  }

  open(): void {
    if (!this.#channel) return;
    this.#timer = setInterval(() => {
      if (this.#heard && ++this.#silences > SILENCES) this.#heard = undefined;
      this.tell(troubleIn(this.#flusher.status));
      if (this.#heardNotice && ++this.#noticeSilences > SILENCES) this.#heardNotice = undefined;
      this.#tellNotice();
    }, TELL_EVERY_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  get status(): DeliveryStatus {
    return troubleIn(this.#flusher.status) ?? this.#heard ?? this.#flusher.status;
  }

  /** What the operator should know though rows are written. It is said for an hour after it was last noticed. */
  get notice(): StandingNotice | undefined {
    if (this.#notice && this.#clock.elapsed() - this.#notice.at > NOTICE_MS) this.#notice = undefined;
    if (!this.#notice) return this.#heardNotice;
    const { code, message, since } = this.#notice;
    return { code, message, since };
  }

  /** Something was noticed here. */
  note({ code, message }: Notice): void {
    const now = new Date(this.#clock.now()).toISOString();
    const since = this.#notice?.message === message ? this.#notice.since : now;
    this.#notice = { code, message, since, at: this.#clock.elapsed() };
    this.#tellNotice();
  }

  /** Has whoever writes the log try again at once. */
  probe(): void {
    this.#flusher.probe();
    this.#channel?.post({ type: "probe" });
  }

  /** Tells the others of the trouble here, if there is any. */
  tell(trouble: Trouble | undefined): void {
    if (trouble) this.#channel?.post({ type: "log", ...trouble });
  }

  #tellNotice(): void {
    if (!this.notice || !this.#notice) return;
    const { code, message, since } = this.#notice;
    this.#channel?.post({ type: "log_notice", code, message, since });
  }

  receive(post: Post): void {
    if (post.type === "probe") this.#flusher.probe();
    else if (post.type === "log_notice") {
      const { code, message, since } = post;
      this.#heardNotice = { code, message, since };
      this.#noticeSilences = 0;
    } // What is written is no trouble any more.
    else if (post.type === "settled") this.#heard = undefined;
    else if (post.type === "log") {
      const { state, reason, since } = post;
      this.#heard = { state, reason, since };
      this.#silences = 0;
    }
  }
}

function troubleIn(status: DeliveryStatus): Trouble | undefined {
  return "reason" in status ? status : undefined;
}
