/**
 * The address for a path of this service. Paths in scripts begin at the root, but the service may be installed below a base
 * path (`data-base` of the page), which is put in front unless it is there already.
 * @param {string} path an address of another host is returned unchanged
 * @returns {string}
 */
export function at(path) {
  const base = globalThis.document?.documentElement?.dataset.base ?? "";
  const isOurs = path.startsWith("/") && !path.startsWith(`${base}/`);
  return isOurs ? base + path : path;
}
