/** @import { Words } from "../shared/words.js" */
/** @typedef {{ code: string, message: string, values: Record<string, string> }} SheetProblem */

/** The keys of sentences: those of other problems come in English. */
const PROBLEMS = [
  "check_account_gone",
  "check_api_off",
  "check_busy",
  "check_cell_too_long",
  "check_clock",
  "check_disk_full",
  "check_empty_first_row",
  "check_file_in_the_way",
  "check_file_locked",
  "check_file_no_directory",
  "check_file_not_allowed",
  "check_file_not_covered",
  "check_file_read_only",
  "check_file_unclosed",
  "check_file_utf16",
  "check_full",
  "check_header",
  "check_key_deleted",
  "check_key_refused",
  "check_key_wrong",
  "check_metadata_refuses",
  "check_network",
  "check_no_columns",
  "check_no_credentials",
  "check_no_spreadsheet",
  "check_no_tab",
  "check_not_shared",
  "check_office_file",
  "check_policy",
  "check_protected",
  "check_proxy",
  "check_row_missing",
  "check_rows_refused",
  "check_subject",
  "check_token",
];

/**
 * What to do so that rows can be written.
 * @param {Words} words
 * @param {SheetProblem} problem
 * @returns {string}
 */
export function problemSentence(words, { code, message, values }) {
  const key = `check_${code}`;
  return PROBLEMS.includes(key) ? words.say(key, { month: "{month}", ...values }) : message;
}
