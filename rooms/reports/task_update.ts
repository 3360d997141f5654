/**
 * The frames of `/ws/tasks/`, which the service sends: `{"type":"task_update", …}` with the fields of
 * {@link TaskUpdate}, and for clients that connect with `?batch=1` those of {@link ReportView}.
 */
import type { Outcome, ReportType } from "./report.ts";

/** The states of a task on the wire. */
export type TaskStatus = "started" | "progress" | "completed" | "failed";

/** The progress of a task: the frame `task_update` without its type. */
export interface TaskUpdate {
  readonly task_id: string;
  readonly status: TaskStatus;
  /** Percent. */
  readonly progress: number;
  /** A sentence for people, in the language of the client. */
  readonly message: string;
  /** The URLs of the files; `null` until the task is completed. */
  readonly result: { readonly url: string; readonly csv_url?: string; readonly messages: number } | null;
  /** ISO 8601, UTC. */
  readonly timestamp: string;
}

/** The same, with what was requested. */
export interface ReportView extends TaskUpdate {
  readonly report: ReportType;
  readonly room: string;
  /** ISO 8601, UTC; `null`: from the first message. */
  readonly from: string | null;
  readonly to: string;
  /** The reason for the status: a key of `report` in the languages' words. */
  readonly outcome: Outcome;
  readonly messages: number;
  readonly created_at: string;
  readonly expires_at: string;
}
