/** Time, as the log needs it. */
export interface Clock {
  /** The time of day, in milliseconds since the epoch; it may jump. */
  now(): number;
  /** Time that only goes forward, in milliseconds. */
  elapsed(): number;
  /** Resolves after so many milliseconds, or at once when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** This machine's time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  wait: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const timer = setTimeout(end, ms);
      signal.addEventListener("abort", end);
      function end(): void {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      }
    }),
};
