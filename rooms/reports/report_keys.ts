/**
 * Where reports stand in KV.
 *
 * | key | value |
 * | --- | --- |
 * | `["report", id]` | a `Report` |
 * | `["reports_of", owner]` | the ids of the owner's reports, the oldest first |
 * | `["report_due", id]` | there is something to do about it from this time on, in ms since the epoch |
 * | `["report_work", id, n]` | how far the work on it is: JSON, in pieces |
 * | `["report_file", id, format, n]` | a piece of a file |
 * | `["report_waste", id]` | work and files of this report are to be deleted |
 *
 * A report that is taken out is gone with one commit; what it leaves is deleted bit by bit. So files never outlive
 * their report, and no commit grows with their size.
 */
export const REPORT = "report";
export const REPORTS_OF = "reports_of";
export const REPORT_DUE = "report_due";
export const REPORT_WORK = "report_work";
export const REPORT_FILE = "report_file";
export const REPORT_WASTE = "report_waste";
