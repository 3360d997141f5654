import { at } from "./address.js";

/** Makes the browser keep the service worker, by which pushes and the page for offline come. @returns {void} */
export function registerServiceWorker() {
  if (!("serviceWorker" in navigator)) return;
  // Private windows and settings may forbid it: then there are neither.
  navigator.serviceWorker.register(at("/service_worker.js"), { scope: at("/") }).catch(() => {});
}
