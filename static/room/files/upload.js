import { at } from "../../shared/address.js";
import { sizeText } from "./message_files.js";

/** @import { MessageFile } from "../../../rooms/protocol.ts" */
/** @import { Words } from "../../shared/words.js" */

/** The sentences for files that weren't uploaded, by their codes. @type {ReadonlyMap<string, string>} */
const FAILURES = new Map([
  ["too_large", "file_too_large"],
  ["type_refused", "file_kind"],
  ["storage_full", "file_full"],
  ["rate_limited", "file_daily"],
  ["empty", "file_empty"],
  ["offline", "file_waits"],
  ["undrawn", "file_undrawn"],
  ["file_refused", "file_hosts"],
  ["muted", "refused_muted"],
  ["blocked_word", "refused_blocked_word"],
]);

/** Why a file wasn't uploaded. @param {string} code @param {{ words: Words, maxBytes: number }} parts */
export function failureSentence(code, { words, maxBytes }) {
  return words.say(FAILURES.get(code) ?? "file_failed", { size: sizeText(maxBytes) });
}

/**
 * The outcome of an upload. `code`: that of a refusal, "offline" when there was no answer, "aborted" when it was given up.
 * @typedef {{ file?: MessageFile, code: string }} Uploaded
 */

/**
 * Sends a file to a room and reports its progress, which `fetch` can't. Never rejects.
 * @param {string} room
 * @param {File} file
 * @param {{ signal: AbortSignal, progress: (share: number) => void }} options `share`: from 0 to 1
 * @returns {Promise<Uploaded>}
 */
export function upload(room, file, { signal, progress }) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve({ code: "aborted" });
    const request = new XMLHttpRequest();
    const name = encodeURIComponent(file.name || "file");
    request.open("POST", at(`/api/rooms/${encodeURIComponent(room)}/files?name=${name}`));
    request.setRequestHeader("content-type", "application/octet-stream");
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => progress(total ? loaded / total : 0));
    request.addEventListener("load", () => {
      const { response, status } = request;
      if (status === 201) resolve({ file: response, code: "" });
      else resolve({ code: response?.code ?? "failed" });
    });
    request.addEventListener("error", () => resolve({ code: "offline" }));
    request.addEventListener("abort", () => resolve({ code: "aborted" }));
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
