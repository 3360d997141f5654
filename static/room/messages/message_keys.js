/**
 * Moves the focus among messages: Up, Down, Home and End; Escape moves it to the composer. While the list itself has the
 * focus, Up goes to the last visible message and Down to the first.
 * @param {HTMLElement} list
 * @param {AbortSignal} signal ends it
 * @returns {void}
 */
export function mountMessageKeys(list, signal) {
  list.addEventListener("keydown", (event) => {
    const { key, target, altKey, ctrlKey, metaKey, shiftKey } = event;
    if (altKey || ctrlKey || metaKey || shiftKey) return;
    if (key === "Escape") {
      /** @type {HTMLElement | null} */ (document.querySelector(".composer__field"))?.focus();
      return;
    }
    const current = /** @type {Element} */ (target).closest(".message");
    const next = targetOf(key, current ?? undefined, list);
    if (!next) return;
    event.preventDefault();
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }, { signal });
}

/** @param {string} key @param {Element | undefined} current @param {HTMLElement} list @returns {HTMLElement | undefined} */
function targetOf(key, current, list) {
  const rows = /** @type {HTMLElement[]} */ ([...list.querySelectorAll(".message")]);
  const index = current ? rows.indexOf(/** @type {HTMLElement} */ (current)) : -1;
  if (key === "Home") return rows[0];
  if (key === "End") return rows.at(-1);
  if (key === "ArrowUp") return current ? rows[index - 1] : rows.findLast((row) => isSeen(row, list));
  if (key === "ArrowDown") return current ? rows[index + 1] : rows.find((row) => isSeen(row, list));
}

/** Whether the top of a row is visible in the list. @param {Element} row @param {Element} list */
function isSeen(row, list) {
  const [{ top }, window] = [row.getBoundingClientRect(), list.getBoundingClientRect()];
  return top >= window.top && top < window.bottom;
}
