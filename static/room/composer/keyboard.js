/**
 * Keeps the page as high as the space above the on-screen keyboard. (iOS draws the keyboard over the page and resizes only
 * the visual viewport.)
 * @returns {void}
 */
export function followKeyboard() {
  const viewport = globalThis.visualViewport;
  if (!viewport) return;
  const fit = () => {
    // While zoomed in, the visual viewport is smaller than the free space.
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
