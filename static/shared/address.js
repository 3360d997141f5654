/**
 * The address of something of this service, whose paths are written as if it had its host to itself; it may stand below a
 * path of it. One that has that path in front is left as it is.
 * @param {string} path
 * @returns {string}
 */
export function at(path) {
  const base = globalThis.document?.documentElement?.dataset.base ?? "";
  const isOurs = path.startsWith("/") && !path.startsWith(`${base}/`);
  return isOurs ? base + path : path;
}
