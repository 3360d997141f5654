/**
 * The service worker, at `/service_worker.js`. It does two things: it shows pushes, and answers navigations with a page that
 * says so when there is no connection. It keeps nothing else, so no page ever runs code of an older version.
 */

/**
 * Put in front by the server. `version` changes with any file, and so makes the browser take the new worker.
 * @typedef {{ version: string, base: string, offline: string, files: string[] }} App
 */

/** A worker's globals, for which the pages' types have no names. @type {any} */
const worker = self;
/** @type {App} */
const app = worker.APP;
/** Marks pushes that were shown, so that one that comes twice is shown once. */
const MOST_REMEMBERED = 100;
/** @type {string[]} */
const shown = [];

worker.addEventListener("install", (/** @type {any} */ event) => {
  worker.skipWaiting();
  event.waitUntil(
    caches.open(app.version).then((cache) =>
      // Without cookies: what is kept is nobody's page.
      Promise.all(
        [app.offline, ...app.files].map(async (path) =>
          cache.put(path, await fetch(path, { credentials: "omit", cache: "reload" }))
        ),
      )
    ),
  );
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== app.version) await caches.delete(name);
    await worker.clients.claim();
  })());
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => caches.match(app.offline)));
  } else if (app.files.includes(pathname)) {
    event.respondWith(fetch(request).catch(() => caches.match(pathname)));
  }
});

worker.addEventListener("push", (/** @type {any} */ event) => {
  if (event.data) event.waitUntil(show(event.data.json()));
});

worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.url));
});

/** @param {{ id: string, title: string, body: string, url: string, room: string, unread: number }} push */
async function show({ id, title, body, url, room, unread }) {
  const key = `${room} ${id}`;
  if (shown.includes(key) || await isInView(room)) return;
  shown.push(key);
  shown.splice(0, shown.length - MOST_REMEMBERED);
  const isChinese = navigator.language.startsWith("zh");
  const count = isChinese ? `${unread} 則新訊息` : unread === 1 ? "New message" : `${unread} new messages`;
  await worker.registration.showNotification(title, {
    body: body ? unread > 1 ? `${body}\n${count}` : body : count,
    // A newer one takes the place of that of the same room.
    tag: `room/${room}`,
    renotify: true,
    icon: `${app.base}/static/app/icon_192.png`,
    data: { url: app.base + url },
  });
}

/** Whether somebody looks at a room. @param {string} room @returns {Promise<boolean>} */
async function isInView(room) {
  const windows = await worker.clients.matchAll({ type: "window" });
  const path = `${app.base}/chat/${encodeURIComponent(room)}/`;
  return windows.some((/** @type {any} */ one) =>
    one.visibilityState === "visible" && new URL(one.url).pathname === path
  );
}

/** Goes to a page in a window that is open, or in a new one. @param {string} url @returns {Promise<void>} */
async function open(url) {
  const [first] = await worker.clients.matchAll({ type: "window" });
  const window = first && await first.navigate(url).catch(() => null);
  if (window) await window.focus();
  else await worker.clients.openWindow(url);
}
