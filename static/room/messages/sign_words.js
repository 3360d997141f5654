/** How long the text stays after a touch. */
const SHOWN_MS = 3_000;

/**
 * Explains the tick beside a message: while a mouse points at it, and for 3 s after a touch.
 * @param {HTMLElement} list
 * @param {AbortSignal} signal unmounts
 * @returns {void}
 */
export function mountSignWords(list, signal) {
  /** @type {Element | undefined} */
  let shown;
  /** @type {number | undefined} */
  let timer;
  /** @param {Element | undefined} sign */
  const show = (sign) => {
    clearTimeout(timer);
    shown?.removeAttribute("data-told");
    shown = sign;
    sign?.toggleAttribute("data-told", true);
  };
  const signOf = (/** @type {Event} */ { target }) =>
    /** @type {Element} */ (target).closest("[data-part=ticks]") ?? undefined;
  list.addEventListener("pointerover", (event) => {
    if (event.pointerType === "mouse" && signOf(event) !== shown) show(signOf(event));
  }, { signal });
  list.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && show(undefined), {
    signal,
  });
  list.addEventListener("click", (event) => {
    show(signOf(event));
    if (shown) timer = setTimeout(show, SHOWN_MS, undefined);
  }, { signal });
}
