/** @import { Answer } from "./api.js" */
/** @import { Words } from "./words.js" */

/** Codes whose sentences are called like them. */
const OWN = [
  "backpressure",
  "blocked_word",
  "busy",
  "changed",
  "empty",
  "file_refused",
  "invalid_password",
  "invalid_period",
  "invalid_request",
  "invalid_room",
  "invalid_username",
  "last_admin",
  "muted",
  "name_taken",
  "not_allowed",
  "not_found",
  "not_ready",
  "not_signed_in",
  "offline",
  "origin_not_allowed",
  "rate_limited",
  "read_only",
  "room_taken",
  "sheet_taken",
  "slow_mode",
  "storage_full",
  "storage_lost",
  "too_large",
  "too_late",
  "too_long",
  "too_many_connections",
  "too_many_documents",
  "too_many_invites",
  "too_many_people",
  "too_many_reports",
  "too_many_signups",
  "type_refused",
  "unknown_account",
  "username_taken",
  "wrong_own_password",
  "wrong_password",
];

/** Every code with which the server refuses a request, and the key of its sentence. */
export const SENTENCES = new Map([
  ...OWN.map((code) => /** @type {const} */ ([code, code])),
  // What only programs cause, or a page whose version has passed.
  ...[
    "bad_upgrade",
    "idempotency_key_reused",
    "incomplete_body",
    "invalid_after",
    "invalid_format",
    "invalid_frame",
    "length_required",
  ]
    .map((code) => /** @type {const} */ ([code, "invalid_request"])),
  ...["invalid_json", "not_json", "unknown_type", "upgrade_required"]
    .map((code) => /** @type {const} */ ([code, "invalid_request"])),
  ["deleted", "not_found"],
  ["gone", "failed"],
  ["internal", "failed"],
  ["invalid_document", "not_found"],
  ["name_refused", "invalid_username"],
  ["no_google", "not_found"],
  ["no_pushes", "not_found"],
  ["not_built", "failed"],
  ["private", "not_found"],
  ["restarting", "busy"],
  ["sheet_problem", "failed"],
  ["unknown_push_service", "failed"],
]);

/**
 * The sentence for a refusal by the server.
 * @param {Words} words
 * @param {Answer} answer
 * @returns {string}
 */
export function refusal(words, { code, retryAfterMs, body }) {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  const names = Array.isArray(body.names) ? body.names.join(", ") : "";
  return words.say(SENTENCES.get(code) ?? "failed", { seconds, names });
}
