/**
 * The button that leads back to a reply, after a quote has led away from it.
 * @param {HTMLButtonElement} button
 * @param {{ list: HTMLElement }} parts `list` fires `jump` and `place`, and takes `goto`
 * @returns {() => void} unmounts
 */
export function mountReturnButton(button, { list }) {
  const listening = new AbortController();
  const { signal } = listening;
  let id = "";
  list.addEventListener("jump", (event) => {
    id = /** @type {CustomEvent<string>} */ (event).detail;
    button.hidden = !id;
  }, { signal });
  // Readers at the end of the list need no way back.
  list.addEventListener("place", (event) => {
    if (/** @type {CustomEvent<boolean>} */ (event).detail) button.hidden = true;
  }, { signal });
  button.addEventListener("click", () => {
    button.hidden = true;
    list.dispatchEvent(new CustomEvent("goto", { detail: id }));
  }, { signal });
  return () => listening.abort();
}
