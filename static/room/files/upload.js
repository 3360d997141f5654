import { at } from "../../shared/address.js";

/** @import { MessageFile } from "../../../rooms/protocol.ts" */

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
