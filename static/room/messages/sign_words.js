/** How long what a touch asked for is shown. */
const SHOWN_MS = 3_000;

/**
 * Says what the sign beside a message means: while a mouse points at it, and for a moment after a touch.
 * @param {HTMLElement} list
 * @param {AbortSignal} signal ends it
 * @returns {void}
 */
export function mountSignWords(list, signal) {
  /** @type {Element | undefined} */
  let told;
  /** @type {number | undefined} */
  let timer;
  /** @param {Element | undefined} sign */
  const tell = (sign) => {
    clearTimeout(timer);
    told?.removeAttribute("data-told");
    told = sign;
    sign?.toggleAttribute("data-told", true);
  };
  const signOf = (/** @type {Event} */ { target }) =>
    /** @type {Element} */ (target).closest("[data-part=ticks]") ?? undefined;
  list.addEventListener("pointerover", (event) => {
    if (event.pointerType === "mouse" && signOf(event) !== told) tell(signOf(event));
  }, { signal });
  list.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && tell(undefined), {
    signal,
  });
  list.addEventListener("click", (event) => {
    tell(signOf(event));
    if (told) timer = setTimeout(tell, SHOWN_MS, undefined);
  }, { signal });
}
