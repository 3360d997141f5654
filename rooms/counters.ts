/**
 * What an isolate counts: plain numbers, so that counting costs nothing. They only grow, from 0 at the start; metrics
 * and the dashboard read them.
 */
export class Counters {
  /** Messages that members or programs sent here, resends included. */
  messages = 0;
  /** Messages sent to members here: one for each member and message. */
  deliveries = 0;
  /** Commits with messages made here. */
  commits = 0;
  /** The milliseconds that they took together. */
  commitMs = 0;
  /** Rows that were written to the sheet from here. */
  rows = 0;
  /** Lines in the log at level `error`. */
  errors = 0;
  /** Refusals, by their code; the codes are this program's own, and so are few. */
  readonly refused = new Map<string, number>();

  /** Counts a refusal. */
  refuse(code: string): void {
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
  }
}
