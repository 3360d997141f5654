import { at } from "./address.js";
import { keysOf } from "./storage.js";

/** @import { Store } from "./storage.js" */

const ACCOUNT = "talksheet:account";
const PREFIXES = ["draft", "purpose", "unsent", "visit", "colors"].map((what) => `talksheet:${what}:`);
const DOCUMENTS = "document/";

/**
 * Removes what the browser kept for an account that is no longer signed in, however its session ended.
 * @param {Store} storage
 * @param {string} account the id of the account that is signed in, or ""
 * @returns {void}
 */
export function followAccount(storage, account) {
  const former = storage.getItem(ACCOUNT) ?? "";
  if (former && former !== account) forgetAccount(storage);
  if (account) storage.setItem(ACCOUNT, account);
}

/**
 * Calls `left` when another tab of this browser signs out of an account, or into another one.
 * @param {string} account the id of the account that is signed in here
 * @param {() => void} left
 * @returns {void}
 */
export function whenLeft(account, left) {
  addEventListener("storage", ({ key, newValue }) => {
    const isOther = key === null || key === ACCOUNT && newValue !== account;
    if (account && isOther) left();
  });
}

/** Whether nobody else has signed in since. @param {Store} storage @param {string} account @returns {boolean} */
export function isSignedOut(storage, account) {
  return (storage.getItem(ACCOUNT) || account) === account;
}

/** Removes drafts, unsent messages, visited rooms and documents. @param {Store} storage @returns {void} */
export function forgetAccount(storage) {
  for (const prefix of PREFIXES) for (const key of keysOf(storage, prefix)) storage.removeItem(key);
  storage.removeItem(ACCOUNT);
  // A browser that forbids databases has kept nothing in them.
  forgetDocuments().catch(() => {});
  forgetPages().catch(() => {});
}

/** Removes the pages that the service worker keeps for when there is no connection: they say whose they are. */
async function forgetPages() {
  const pages = `talksheet ${at("/")} pages `;
  for (const name of await caches.keys()) if (name.startsWith(pages)) await caches.delete(name);
}

async function forgetDocuments() {
  for (const { name = "" } of await indexedDB.databases()) {
    if (name.startsWith(DOCUMENTS)) indexedDB.deleteDatabase(name);
  }
}
