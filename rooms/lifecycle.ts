/**
 * Starts the parts of the service in order, brings them the posts of other isolates, and stops them in reverse.
 *
 * A part declares what it needs; whatever it leaves out is skipped. What one part throws is reported and keeps none of the
 * others from their turn.
 */
import type { Clock } from "./clock.ts";

/** A part of the service that lives from start to stop. `Post` is what other isolates send. */
export interface Part<Post> {
  /** Stands in the logger's lines about this part: `commit_stream`, `reports`. */
  readonly name: string;
  /** Begins to work. Parts that were added before have started. */
  start?(): void | Promise<void>;
  /** Takes a post of another isolate. */
  receive?(post: Post): void;
  /** Posts may have been lost: reads what they were about. */
  resync?(): void;
  /** Does what has to be done every {@link TICK_MS}. */
  tick?(): void | Promise<void>;
  /** Resolves when all that is due by now is done, or nobody works any more. */
  sweep?(): Promise<void>;
  /** Takes no new work; resolves when what was taken is safe. `deadline` resolves when the service stops waiting. */
  quiesce?(deadline: Promise<void>): void | Promise<void>;
  /** Ends what is under way, or gives it up at the deadline. */
  drain?(deadline: Promise<void>): void | Promise<void>;
  /** Lets go of everything. */
  close?(): void | PromiseLike<void>;
}

/** What a {@link Lifecycle} goes by. */
export interface LifecycleOptions {
  readonly clock: Clock;
  /** Reports what a part threw, under a fixed name. */
  readonly failed: (what: string, error: unknown) => void;
}

/** Interval of {@link Part.tick}, in milliseconds. */
const TICK_MS = 2_000;
/**
 * Time that all parts together have for each phase of a stop: KV may be out of reach, and Deno Deploy kills 5 s after
 * SIGINT (https://docs.deno.com/deploy/reference/runtime/).
 */
const QUIESCE_WITHIN_MS = 2_500;
const DRAIN_WITHIN_MS = 1_500;
const CLOSE_WITHIN_MS = 500;
/** How much earlier parts are given their deadline: time to finish, before the next phase, what they do at it. */
const GRACE_MS = 200;

/** Starts, feeds and stops the parts of the service; `Post` is what other isolates send. */
export class Lifecycle<Post> {
  readonly #options: LifecycleOptions;
  readonly #parts: Part<Post>[] = [];
  #ticking: Promise<unknown> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  /** Whether the service is about to end. */
  get isStopping(): boolean {
    return this.#stopped !== undefined;
  }

  /** Adds a part behind those that it needs; answers it. */
  add<P extends Part<Post>>(part: P): P {
    this.#parts.push(part);
    return part;
  }

  /**
   * Starts the parts in the order in which they were added.
   * @throws what a part throws that can't start.
   */
  async start(): Promise<void> {
    for (const part of this.#parts) await part.start?.();
    this.#timer = setInterval(() => {
      this.#ticking ??= this.#all("tick", (part) => part.tick?.()).finally(() => this.#ticking = undefined);
    }, TICK_MS);
  }

  /** Brings a post to all parts. */
  receive(post: Post): void {
    for (const part of this.#parts) {
      try {
        part.receive?.(post);
      } catch (error) {
        this.#options.failed(`${part.name}_post_failed`, error);
      }
    }
  }

  /** Has all parts read what lost posts were about. */
  resync(): void {
    for (const part of this.#parts) {
      try {
        part.resync?.();
      } catch (error) {
        this.#options.failed(`${part.name}_resync_failed`, error);
      }
    }
  }

  /** Resolves when every part has swept, or after `withinMs`. */
  async sweep(withinMs: number): Promise<void> {
    await this.#within(withinMs, async (_, over) => {
      await Promise.race([this.#all("sweep", (part) => part.sweep?.()), over]);
    });
  }

  /** Quiesces all parts at once, then drains and closes them from the last to the first. Harmless when called again. */
  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  async #stop(): Promise<void> {
    clearInterval(this.#timer);
    const last = this.#parts.toReversed();
    await this.#within(QUIESCE_WITHIN_MS, async (deadline, over) => {
      const quiescing = this.#all("quiesce", (part) => part.quiesce?.(deadline));
      await Promise.race([Promise.all([this.#ticking, quiescing]), over]);
    });
    await this.#within(DRAIN_WITHIN_MS, async (deadline, over) => {
      for (const part of last) {
        await Promise.race([this.#guard(part, "drain", () => part.drain?.(deadline)), over]);
      }
    });
    await this.#within(CLOSE_WITHIN_MS, async (_, over) => {
      for (const part of last) {
        await Promise.race([this.#guard(part, "close", () => part.close?.()), over]);
      }
    });
  }

  async #all(phase: string, act: (part: Part<Post>) => void | PromiseLike<void>): Promise<void> {
    await Promise.all(this.#parts.map((part) => this.#guard(part, phase, () => act(part))));
  }

  async #guard(part: Part<Post>, phase: string, act: () => void | PromiseLike<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#options.failed(`${part.name}_${phase}_failed`, error);
    }
  }

  /** Gives `act` what resolves {@link GRACE_MS} before `ms` and at `ms`, and ends both timers when `act` is done. */
  async #within(
    ms: number,
    act: (deadline: Promise<void>, over: Promise<void>) => Promise<void>,
  ): Promise<void> {
    const done = new AbortController();
    const deadline = this.#options.clock.wait(ms - GRACE_MS, done.signal);
    const over = deadline.then(() => this.#options.clock.wait(GRACE_MS, done.signal));
    await act(deadline, over);
    done.abort();
  }
}
