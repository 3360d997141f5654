/** The part of `@std/testing/time` that our tests use: a clock and timers that move only when told to. */

interface Timer {
  readonly id: number;
  readonly callback: () => void;
  readonly every: number | undefined;
  due: number;
}

const real = {
  Date,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
};
let current: FakeTime | undefined;

/** Replaces `Date` and the global timers until it is restored; one at a time. */
export class FakeTime implements Disposable {
  readonly start: number;
  #now: number;
  #nextId = 1;
  readonly #timers = new Map<number, Timer>();

  constructor(start: number | string | Date | null = real.Date.now()) {
    if (current) throw new TypeError("Cannot construct FakeTime: time is already faked");
    current = this;
    this.start = this.#now = new real.Date(start ?? real.Date.now()).getTime();
    const clock = (): number => this.#now;
    globalThis.Date = class extends real.Date {
      constructor(...args: unknown[]) {
        super(...((args.length ? args : [clock()]) as [number]));
      }
      static override now = clock;
    } as DateConstructor;
    const add = (every: boolean) => (callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
      const id = this.#nextId++;
      const wait = Math.max(0, Number(ms) || 0);
      this.#timers.set(id, {
        id,
        callback: () => callback(...args),
        every: every ? Math.max(1, wait) : undefined,
        due: this.#now + wait,
      });
      return id;
    };
    const clear = (id?: number) => void this.#timers.delete(Number(id));
    Object.assign(globalThis, {
      setTimeout: add(false),
      setInterval: add(true),
      clearTimeout: clear,
      clearInterval: clear,
    });
  }

  /** The fake clock's time, in milliseconds since the epoch. */
  get now(): number {
    return this.#now;
  }

  /** Moves the clock and runs what falls due, in order. */
  tick(ms = 0): void {
    const end = this.#now + ms;
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      this.#now = Math.max(this.#now, timer.due);
      if (timer.every === undefined) this.#timers.delete(timer.id);
      else timer.due += timer.every;
      timer.callback();
    }
    this.#now = end;
  }

  /** Lets promises settle, then moves the clock. */
  async tickAsync(ms = 0): Promise<void> {
    await this.runMicrotasks();
    const end = this.#now + ms;
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      this.tick(timer.due - this.#now);
      await this.runMicrotasks();
    }
    this.tick(end - this.#now);
    await this.runMicrotasks();
  }

  /** Lets what is already resolved run. */
  async runMicrotasks(): Promise<void> {
    await new Promise<void>((resolve) => real.setTimeout.call(globalThis, resolve, 0));
  }

  /** Gives back the real clock and timers. */
  restore(): void {
    if (current !== this) throw new TypeError("Cannot restore time: it is not faked");
    current = undefined;
    globalThis.Date = real.Date;
    const { Date: _date, ...timers } = real;
    Object.assign(globalThis, timers);
  }

  [Symbol.dispose](): void {
    if (current === this) this.restore();
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers.values()) {
      if (timer.due <= end && (!next || timer.due < next.due)) next = timer;
    }
    return next;
  }
}
