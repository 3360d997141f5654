import { at } from "./address.js";
import { keysOf } from "./storage.js";

/** @import { Store } from "./storage.js" */

const OURS = "talksheet:";
const ACCOUNT = `${OURS}account`;
/** What belongs to the browser and not to an account: the guest's nickname, the sound, and whose pushes come. */
const OF_BROWSER = ["nickname", "sound", "push"].map((what) => OURS + what);
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

/** Removes what pages keep, such as drafts, their files, unsent messages and visited rooms, and documents. @param {Store} storage @returns {void} */
export function forgetAccount(storage) {
  for (const key of keysOf(storage, OURS)) if (!OF_BROWSER.includes(key)) storage.removeItem(key);
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
