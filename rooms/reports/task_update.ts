/**
 * The frames of `/ws/tasks/`, which go from the service to the client: `{"type":"task_update", …}` with the fields of
 * {@link TaskUpdate}, and for clients that connect with `?batch=1` those of {@link ReportView}.
 */
import type { Outcome, ReportType } from "./report.ts";

/** How protocol.md calls what a task comes to. */
export type TaskStatus = "started" | "progress" | "completed" | "failed";

/** How far a task is; the frame `task_update` without its type. */
export interface TaskUpdate {
  readonly task_id: string;
  readonly status: TaskStatus;
  /** Percent. */
  readonly progress: number;
  /** A sentence for people, in the language of whoever asked for it. */
  readonly message: string;
  readonly result: { readonly url: string; readonly csv_url?: string; readonly messages: number } | null;
  readonly timestamp: string;
}

/** The same, with what was asked for. */
export interface ReportView extends TaskUpdate {
  readonly report: ReportType;
  readonly room: string;
  readonly from: string | null;
  readonly to: string;
  /** Why the status is what it is, as a word below `report` of the languages. */
  readonly outcome: Outcome;
  readonly messages: number;
  readonly created_at: string;
  readonly expires_at: string;
}
