/** Decides which figures an admin is alerted of: pure functions of samples taken every few seconds. */
import type { Alert } from "./event_feed.ts";

/** The figures that alerts depend on. */
export interface AlertSigns {
  /** Messages that wait for the sheet, and the age of the oldest. */
  readonly pending: number;
  readonly oldestPendingSeconds: number;
  /** The most messages that may wait. */
  readonly outboxLimit: number;
  /** Refusals of this isolate because a client was too fast; the number only grows. */
  readonly rateLimited: number;
}

/** Messages that wait for longer than this, while their number grows, are worth an alert. */
const LATE_SECONDS = 60;
/** The share of the outbox that may be full. */
const FULL_SHARE = 0.5;
/** Fewer refusals, of a client that merely types fast, aren't worth an alert. */
const REFUSALS = 20;
/** The samples, a minute in all, over which refusals and growth are measured. */
const SAMPLES = 12;

/** Decides which figures are worth an alert. */
export class AlertRules {
  #past: AlertSigns[] = [];

  /** Adds a sample; answers the alerts, which repeat as long as their reason lasts. */
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
