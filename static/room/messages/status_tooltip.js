/** How long the text stays after a touch. */
const SHOWN_MS = 3_000;

/**
 * Explains the tick beside a message: while a mouse points at it, and for 3 s after a touch.
 * @param {HTMLElement} list
 * @param {AbortSignal} signal unmounts
 * @returns {void}
 */
export function mountStatusTooltip(list, signal) {
  /** @type {Element | undefined} */
  let shown;
  /** @type {number | undefined} */
  let timer;
  /** @param {Element | undefined} status */
  const show = (status) => {
    clearTimeout(timer);
    shown?.removeAttribute("data-tooltip");
    shown = status;
    status?.toggleAttribute("data-tooltip", true);
  };
  const statusOf = (/** @type {Event} */ { target }) =>
    /** @type {Element} */ (target).closest("[data-part=ticks]") ?? undefined;
  list.addEventListener("pointerover", (event) => {
    if (event.pointerType === "mouse" && statusOf(event) !== shown) show(statusOf(event));
  }, { signal });
  list.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && show(undefined), {
    signal,
  });
  list.addEventListener("click", (event) => {
    show(statusOf(event));
    if (shown) timer = setTimeout(show, SHOWN_MS, undefined);
  }, { signal });
}
