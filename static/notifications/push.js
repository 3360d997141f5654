/** Pushes to this browser: they come while no page is open. */
import { at } from "../shared/address.js";
import { ask } from "../shared/api.js";
import { pageAccount } from "../shared/settings.js";
import { openStorage } from "../shared/storage.js";

/** The account to whose pushes this browser has subscribed. */
const KEY = "talksheet:push";
/** That the service has heard of the subscription since this tab was opened: it ends there with each session. */
const RENEWED = "talksheet:push-renewed";
const PATH = "/api/push/subscriptions";

/** Whether this browser gets pushes of the account whose page this is. @returns {Promise<boolean>} */
export async function isPushed() {
  return openStorage().getItem(KEY) === pageAccount() && await subscription() !== null;
}

/** Subscribes, if the visitor allows it; answers whether that worked. @param {string} key the service's @returns {Promise<boolean>} */
export async function subscribe(key) {
  if (await Notification.requestPermission() !== "granted") return false;
  try {
    const { pushManager } = await navigator.serviceWorker.ready;
    const made = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const { ok } = await ask("POST", PATH, made.toJSON());
    if (ok) openStorage().setItem(KEY, pageAccount());
    return ok;
  } catch {
    // The browser can't reach its push service, or has none.
    return false;
  }
}

/** Ends the subscription of this browser. @returns {Promise<void>} */
export async function unsubscribe() {
  openStorage().removeItem(KEY);
  const known = await subscription();
  if (!known) return;
  await ask("DELETE", PATH, { endpoint: known.endpoint });
  await known.unsubscribe();
}

/** Tells the service of the subscription again, once a tab: with the session that made it, it has ended there. @returns {Promise<void>} */
export async function renewPush() {
  try {
    if (sessionStorage.getItem(RENEWED) || !await isPushed()) return;
    sessionStorage.setItem(RENEWED, "1");
  } catch {
    return;
  }
  const known = await subscription();
  if (known) await ask("POST", PATH, known.toJSON());
}

/** Closes the notification of a room that a push has brought: it was read. @param {string} room @returns {Promise<void>} */
export async function closePush(room) {
  const shown = await (await registration())?.getNotifications({ tag: `room/${room}` });
  for (const notification of shown ?? []) notification.close();
}

/** @returns {Promise<PushSubscription | null>} */
async function subscription() {
  return await (await registration())?.pushManager?.getSubscription() ?? null;
}

/** @returns {Promise<ServiceWorkerRegistration | undefined>} */
async function registration() {
  if ("serviceWorker" in navigator) return await navigator.serviceWorker.getRegistration(at("/"));
}
