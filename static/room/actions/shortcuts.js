/**
 * Opens the list of keyboard shortcuts by `?`, unless somebody is writing.
 * @param {HTMLDialogElement} dialog
 * @param {HTMLElement} opener a button that opens it too
 * @returns {() => void} unmounts
 */
export function mountShortcuts(dialog, opener) {
  const listening = new AbortController();
  const { signal } = listening;
  opener.addEventListener("click", () => dialog.showModal(), { signal });
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close(), { signal });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey || isWritten(event)) return;
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    dialog.showModal();
  }, { signal });
  return () => listening.abort();
}

/** Whether a key goes into a field. @param {Event} event @returns {boolean} */
function isWritten({ target }) {
  return /** @type {HTMLElement} */ (target).matches("input, textarea, select, [contenteditable]");
}
