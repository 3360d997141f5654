/** Spans for tracing: one for each commit, fan-out or append, never one for each member. */

/** The steps of a message that have spans. */
export type Step = "receive" | "commit" | "fan_out" | "append";

/** Does some work within a span of this name, with `figures` as its attributes. Returns and throws what `work` does. */
export type Trace = <T>(step: Step, figures: Readonly<Record<string, number>>, work: () => T) => T;

/** Does the work without a span. */
export function untraced<T>(_step: Step, _figures: Readonly<Record<string, number>>, work: () => T): T {
  return work();
}
