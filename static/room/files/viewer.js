import { part } from "../../shared/parts.js";

/**
 * Shows pictures large: a click on one opens the viewer, arrow keys and buttons go to the others around it, Escape leaves.
 * @param {HTMLDialogElement} dialog
 * @param {HTMLElement} list where the pictures are
 * @returns {() => void} unmounts
 */
export function mountViewer(dialog, list) {
  const listening = new AbortController();
  const { signal } = listening;
  const image = /** @type {HTMLImageElement} */ (part("viewer-image", dialog));
  const download = /** @type {HTMLAnchorElement} */ (part("viewer-download", dialog));
  /** @type {HTMLAnchorElement[]} */
  let pictures = [];
  let at = 0;
  const show = (/** @type {number} */ index) => {
    at = Math.min(Math.max(index, 0), pictures.length - 1);
    const { href, dataset } = pictures[at];
    const { name = "", alt = "" } = dataset;
    // The previous picture must not be shown under this one's name.
    image.removeAttribute("src");
    image.src = href;
    image.alt = alt || name;
    part("viewer-name", dialog).textContent = alt || name;
    download.href = `${href}?download=1`;
    download.download = name;
    /** @type {HTMLButtonElement} */ (part("viewer-previous", dialog)).disabled = at === 0;
    /** @type {HTMLButtonElement} */ (part("viewer-next", dialog)).disabled = at === pictures.length - 1;
  };
  const open = (/** @type {MouseEvent} */ event) => {
    const target = /** @type {Element} */ (event.target);
    const picture = /** @type {HTMLAnchorElement | null} */ (target.closest("[data-action=view]"));
    if (!picture || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const around = /** @type {HTMLElement} */ (event.currentTarget);
    pictures = [...around.querySelectorAll("a[data-action=view]")].map((
      one,
    ) => /** @type {HTMLAnchorElement} */ (one));
    show(pictures.indexOf(picture));
    dialog.showModal();
  };
  list.addEventListener("click", open, { signal });
  part("gallery").addEventListener("click", open, { signal });
  part("viewer-previous", dialog).addEventListener("click", () => show(at - 1), { signal });
  part("viewer-next", dialog).addEventListener("click", () => show(at + 1), { signal });
  dialog.addEventListener("keydown", ({ key }) => {
    if (key === "ArrowLeft") show(at - 1);
    if (key === "ArrowRight") show(at + 1);
  }, { signal });
  dialog.addEventListener("close", () => {
    image.removeAttribute("src");
    pictures[at]?.focus({ preventScroll: true });
  }, { signal });
  return () => listening.abort();
}
