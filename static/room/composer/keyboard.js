/**
 * Keeps the page as high as what the on-screen keyboard leaves free. (iOS lays it over the page and tells
 * only the visual viewport.)
 * @returns {void}
 */
export function followKeyboard() {
  const viewport = globalThis.visualViewport;
  if (!viewport) return;
  const fit = () => {
    // Zoomed in, the visual viewport is a window onto the page and not the room there is.
    if (viewport.scale > 1.01) return;
    document.documentElement.style.setProperty(
      "--visible-height",
      `${viewport.height}px`,
    );
    scrollTo(0, 0);
  };
  viewport.addEventListener("resize", fit);
  fit();
}
