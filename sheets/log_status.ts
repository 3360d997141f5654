/** How the log is doing, wherever it is written: here, or at another isolate or machine, which tells by posts. */
import type { Channel, Post } from "../rooms/fan_out/channel.ts";
import type { Flusher, LogStatus, Trouble } from "./flusher.ts";

const TELL_EVERY_MS = 3_000;
/** What was heard is forgotten when nothing more is heard for so many times this long. */
const SILENCES = 3;

export class SharedLogStatus {
  readonly #flusher: Pick<Flusher, "status" | "probe">;
  readonly #channel: Channel | undefined;
  #heard: Trouble | undefined;
  #silences = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Without a channel the log is written here and nowhere else. */
  constructor(flusher: Pick<Flusher, "status" | "probe">, channel: Channel | undefined) {
    this.#flusher = flusher;
    this.#channel = channel;
  }

  open(): void {
    if (!this.#channel) return;
    this.#timer = setInterval(() => {
      if (this.#heard && ++this.#silences > SILENCES) this.#heard = undefined;
      this.tell(troubleIn(this.#flusher.status));
    }, TELL_EVERY_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  get status(): LogStatus {
    return troubleIn(this.#flusher.status) ?? this.#heard ?? this.#flusher.status;
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

  receive(post: Post): void {
    if (post.type === "probe") this.#flusher.probe();
    // What is written is no trouble any more.
    else if (post.type === "settled") this.#heard = undefined;
    else if (post.type === "log") {
      const { state, reason, since } = post;
      this.#heard = { state, reason, since };
      this.#silences = 0;
    }
  }
}

function troubleIn(status: LogStatus): Trouble | undefined {
  return "reason" in status ? status : undefined;
}
