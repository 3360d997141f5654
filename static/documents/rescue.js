import { part } from "../shared/parts.js";

/** @import { IndexeddbPersistence } from "y-indexeddb" */
/** @import { Text } from "yjs" */
/** @import { DocumentConnection } from "./document_connection.js" */
/** @import { Words } from "../shared/words.js" */

/**
 * Helps people whose text the service refuses, for example because the document is full: they can save it as a file, and
 * discard it so that the service's version opens.
 * @param {HTMLElement} element
 * @param {object} parts
 * @param {DocumentConnection} parts.connection
 * @param {IndexeddbPersistence} parts.kept
 * @param {Text} parts.text
 * @param {() => string} parts.title
 * @param {Words} parts.words
 * @returns {void}
 */
export function mountRescue(element, { connection, kept, text, title, words }) {
  connection.on("refused", (why) => {
    element.hidden = why === "signed_out";
  });
  part("copy", element).addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text.toString()], { type: "text/plain" }));
    link.download = `${title() || words.say("untitled")}.txt`;
    link.click();
    // The browser reads the file after the click.
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  });
  part("discard", element).addEventListener("click", async () => {
    if (!confirm(words.say("discard_question"))) return;
    try {
      await kept.destroy();
      await ended(indexedDB.deleteDatabase(kept.name));
    } finally {
      location.reload();
    }
  });
}

/**
 * Resolves when a database was deleted, or could not be because another tab uses it.
 * @param {IDBOpenDBRequest} request
 * @returns {Promise<void>}
 */
function ended(request) {
  return new Promise((resolve) => {
    request.onsuccess = request.onerror = request.onblocked = () => resolve();
  });
}
