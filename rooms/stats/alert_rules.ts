/** What of the figures an admin should be warned of: pure bookkeeping, to be asked every few seconds. */
import type { Alert } from "./event_feed.ts";

/** The figures that warnings depend on. */
export interface AlertSigns {
  /** Messages that wait for the sheet, and for how long the oldest of them has. */
  readonly pending: number;
  readonly oldestPendingSeconds: number;
  /** How many may wait. */
  readonly outboxLimit: number;
  /** How often somebody was refused here for being too fast; it only grows. */
  readonly rateLimited: number;
}

/** Messages that wait for longer than this, while there are ever more of them, are a warning. */
const LATE_SECONDS = 60;
/** How much of the outbox may be full. */
const FULL_SHARE = 0.5;
/** A client that is too fast now and then is none. */
const REFUSALS = 20;
/** Over so many looks. */
const SAMPLES = 12;

/** Decides which figures are worth an alert. */
export class AlertRules {
  #past: AlertSigns[] = [];

  /** Looks at the figures of now; answers what there is to warn of. It may be warned of it again and again. */
  check(now: AlertSigns): Alert[] {
    // Counting began at 0.
    const [before = { ...now, rateLimited: 0 }] = this.#past;
    this.#past = [...this.#past, now].slice(-SAMPLES);
    const alerts: Alert[] = [];
    const { pending, oldestPendingSeconds: seconds, outboxLimit } = now;
    if (pending >= outboxLimit) {
      alerts.push({
        level: "critical",
        code: "outbox_full",
        message: `The log is full: ${pending} messages wait for the sheet, and new ones are refused`,
        values: { pending },
      });
    } else if (
      pending >= outboxLimit * FULL_SHARE || (seconds >= LATE_SECONDS && pending > before.pending)
    ) {
      alerts.push({
        level: "warning",
        code: "outbox_growing",
        message: `The log falls behind: ${pending} messages wait for the sheet, the oldest for ${seconds} s`,
        values: { pending, seconds },
      });
    }
    const refusals = now.rateLimited - before.rateLimited;
    if (refusals >= REFUSALS) {
      alerts.push({
        level: "warning",
        code: "rate_limiting",
        message: `Clients are too fast: ${refusals} messages or calls were refused within a minute`,
        values: { refusals },
      });
    }
    return alerts;
  }
}

/** The alert for when the process can open no more files. */
export function filesExhausted(connections: number): Alert {
  return {
    level: "critical",
    code: "files_exhausted",
    message:
      `This process can open no more files: it has ${connections} connections, and closes those that do nothing; raise its limit (ulimit -n)`,
  };
}
