/**
 * Shows in the window's title how many messages came while nobody was looking.
 * @param {HTMLElement} list the message list, which fires `arrive`
 * @returns {() => void} unmounts
 */
export function mountPageTitle(list) {
  const listening = new AbortController();
  const { signal } = listening;
  const title = document.title;
  let count = 0;
  list.addEventListener("arrive", (event) => {
    if (!document.hidden) return;
    count += /** @type {CustomEvent<number>} */ (event).detail;
    document.title = `(${count}) ${title}`;
  }, { signal });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    count = 0;
    document.title = title;
  }, { signal });
  return () => listening.abort();
}
