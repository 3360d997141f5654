import { CLOSE } from "../../shared/connection/closing.js";

/** @import { Status } from "../../shared/connection/connection.js" */

/** Why the server refuses this person, or a guest of this name. @typedef {"signed_out" | "closed" | "private" | "removed" | "banned" | "invitation" | "name"} Refusal */

/**
 * Why the server refused the connection, read from its close code and reason; `undefined` where it did not.
 * @param {Status} status
 * @returns {Refusal | undefined}
 */
export function refusalOf({ state, code, reason = "" }) {
  if (state !== "refused") return undefined;
  if (code === CLOSE.notSignedIn) return "signed_out";
  const [word] = /closed|private|removed|banned|invitation/.exec(reason) ?? [];
  return /** @type {Refusal | undefined} */ (word) ?? "name";
}

/** Whether writing is impossible until the refusal ends: a refused name can be changed at once. @param {Status} status @returns {boolean} */
export function isShut(status) {
  const refusal = refusalOf(status);
  return refusal !== undefined && refusal !== "name";
}

/**
 * The key of the sentence that says why a name was refused.
 * @param {string} reason the server's close reason
 * @returns {"name_refused" | "name_held" | "not_allowed"} `not_allowed`: the name belongs to an account
 */
export function nameSentence(reason) {
  if (reason.includes("can't be used")) return "name_refused";
  return reason.includes("Somebody else") ? "name_held" : "not_allowed";
}

/**
 * The key of the sentence that says which limit was exceeded.
 * @param {string} reason the server's reason for closing with {@link CLOSE.tooMany}
 * @returns {"crowded_address" | "crowded_person" | "too_fast"}
 */
export function limitSentence(reason) {
  if (/connections.*address/i.test(reason)) return "crowded_address";
  return /connections/i.test(reason) ? "crowded_person" : "too_fast";
}
