/** The times that the service lives by; tests bring their own clock. */
export interface Clock {
  /** The time of day, in milliseconds since the epoch; it may jump. */
  now(): number;
  /** A monotonic time, in milliseconds. */
  elapsed(): number;
  /** Resolves after `ms` milliseconds, or at once when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** This machine's time. */
export const systemClock: Clock = { now: () => Date.now(), elapsed: () => performance.now(), wait };

/** Resolves after `ms` milliseconds, or at once when the signal aborts. */
export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
    function end(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    }
  });
}

/** Resolves or rejects as `work` does, but resolves after `ms` milliseconds at the latest. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  await Promise.race([work, wait(ms, done.signal)]).finally(() => done.abort());
}
