/** @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">} Store */

/**
 * The browser's storage, or one in memory where the browser forbids it, has none, or can't read its file. Writing never
 * throws: a full disk must not prevent anybody from chatting.
 * @returns {Store}
 */
export function openStorage() {
  try {
    const storage = globalThis.localStorage;
    // A damaged file throws on the first read.
    storage.getItem(storage.key(0) ?? "");
    return forgiving(storage);
  } catch {
    return memoryStorage();
  }
}

/**
 * Reads a key's value as JSON. It may be anything: written by another version or another page of this origin, or cut off by a
 * crash. A value that doesn't fit is left in the storage, and `undefined` is returned.
 * @template Value
 * @param {Store} storage
 * @param {string} key
 * @param {(value: any) => value is Value} fits called with an object
 * @returns {Value | undefined}
 */
export function readEntry(storage, key, fits) {
  try {
    const value = JSON.parse(storage.getItem(key) ?? "null");
    return typeof value === "object" && value !== null && fits(value) ? value : undefined;
  } catch {
    return undefined;
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
        // The quota is used up. The page keeps the value in memory.
        if (!(error instanceof DOMException)) throw error;
      }
    },
  };
}

/** Storage that lasts as long as the page. @returns {Store} */
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
