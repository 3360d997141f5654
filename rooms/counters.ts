/**
 * What an isolate counts as it goes: plain numbers, so that counting costs nothing. They only grow, from 0 at the
 * start; whoever shows them reads them.
 */
export class Counters {
  /** Messages that were said here, resends included. */
  messages = 0;
  /** Messages brought to members here: one for each member and message. */
  deliveries = 0;
  /** Commits with messages made here, and the milliseconds that they took. */
  commits = 0;
  commitMs = 0;
  /** Rows that were written to the sheet from here. */
  rows = 0;
  /** What went wrong through nobody's fault, as the log says it at level `error`. */
  errors = 0;
  /** What was refused, by its code: the codes are the program's own, and so are few. */
  readonly refused = new Map<string, number>();

  refuse(code: string): void {
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
  }
}
