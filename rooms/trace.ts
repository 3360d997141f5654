/** Spans for whoever traces the service: one for a flush or an append, never for a member. */

/** The steps of a message that are traced. */
export type Step = "receive" | "commit" | "fan_out" | "append";

/** Does some work as a span of this name; `figures` are its attributes. Answers, and throws, what the work does. */
export type Trace = <T>(step: Step, figures: Readonly<Record<string, number>>, work: () => T) => T;

/** Nobody traces. */
export function untraced<T>(_step: Step, _figures: Readonly<Record<string, number>>, work: () => T): T {
  return work();
}
