/** @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">} Store */

/**
 * The browser's storage, or one that lasts as long as the page where the browser forbids it. Writing to it
 * never throws: a full disk must not keep anybody from talking.
 * @returns {Store}
 */
export function openStorage() {
  try {
    return forgiving(globalThis.localStorage);
  } catch {
    return memoryStorage();
  }
}

/** @param {Store} storage @returns {Store} */
function forgiving(storage) {
  return {
    get length() {
      return storage.length;
    },
    key: (index) => storage.key(index),
    getItem: (key) => storage.getItem(key),
    removeItem: (key) => storage.removeItem(key),
    setItem: (key, value) => {
      try {
        storage.setItem(key, value);
      } catch (error) {
        // The quota is used up; the page still holds the value for as long as it is open.
        if (!(error instanceof DOMException)) throw error;
      }
    },
  };
}

/** Storage that is gone with the page. @returns {Store} */
export function memoryStorage() {
  /** @type {Map<string, string>} */
  const values = new Map();
  return {
    get length() {
      return values.size;
    },
    key: (index) => [...values.keys()][index] ?? null,
    getItem: (key) => values.get(key) ?? null,
    removeItem: (key) => void values.delete(key),
    setItem: (key, value) => void values.set(key, value),
  };
}

/**
 * Every key that starts with `prefix`.
 * @param {Store} storage
 * @param {string} prefix
 * @returns {string[]}
 */
export function keysOf(storage, prefix) {
  const keys = Array.from(
    { length: storage.length },
    (_, index) => storage.key(index) ?? "",
  );
  return keys.filter((key) => key.startsWith(prefix));
}
