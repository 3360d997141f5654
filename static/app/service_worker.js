/**
 * The service worker, at `/service_worker.js`. It does two things: it shows pushes, and answers navigations when there is no
 * connection, with the lobby and the rooms that were visited, or else with a page that says so. Pages come from the network
 * as long as there is one, and what is kept goes with its version, so no page runs code of an older version.
 */

/**
 * Put in front by the server. `version` changes with any file, and so makes the browser take the new worker.
 * @typedef {{ version: string, base: string, offline: string }} App
 */

/** @typedef {{ id: string, title: string, body: string, url: string, room: string, unread: number }} Push */

/** A worker's globals, for which the pages' types have no names. @type {any} */
const worker = self;
/** @type {App} */
const app = worker.APP;
/** Other programs of this origin have caches, too. Pages are told apart, because they go when somebody signs out. */
const OURS = `talksheet ${app.base}/ `;
const FILES = `${OURS}files ${app.version}`;
const PAGES = `${OURS}pages ${app.version}`;
/** Pages that are kept: with a further one, that which was visited the longest time ago is dropped. */
const MOST_PAGES = 50;
const CHAT = `${app.base}/chat/`;
/** What a page names, and loads. */
const NAMED = /(?:href|src)="([^"]*\/static\/[^"]*)"/g;
/** Marks pushes that were shown, so that one that comes twice is shown once. */
const MOST_REMEMBERED = 100;
/** @type {string[]} */
const shown = [];

worker.addEventListener("install", (/** @type {any} */ event) => {
  worker.skipWaiting();
  // Without cookies, because this page belongs to no account.
  event.waitUntil(
    fetch(app.offline, { credentials: "omit", cache: "reload" }).then((page) =>
      keep(FILES, app.offline, page)
    ),
  );
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil((async () => {
    const former = (await caches.keys()).filter((name) => name.startsWith(OURS));
    for (const name of former) if (name !== FILES && name !== PAGES) await caches.delete(name);
    // A page needn't wait until the browser has started this worker.
    await worker.registration.navigationPreload?.enable();
    await worker.clients.claim();
    // These were loaded before there was this worker.
    for (const { url } of await worker.clients.matchAll({ type: "window" })) {
      await visit(new URL(url).pathname);
    }
  })());
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  if (request.mode === "navigate") event.respondWith(navigate(event, pathname));
  else if (pathname.startsWith(`${app.base}/static/${app.version}/`)) {
    event.respondWith(file(event, pathname));
  }
});

worker.addEventListener("push", (/** @type {any} */ event) => {
  if (event.data) event.waitUntil(show(event.data.json()));
});

worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(Promise.all([open(event.notification.data), badge()]));
});

/** The page from the network, or else what is kept. @param {any} event @param {string} path @returns {Promise<Response>} */
async function navigate(event, path) {
  try {
    const page = await event.preloadResponse ?? await fetch(event.request);
    if (isOfUse(path)) event.waitUntil(keep(PAGES, path, page.clone()));
    return page;
  } catch {
    return await find(PAGES, path) ?? await find(FILES, app.offline) ?? Response.error();
  }
}

/** Whether a page can be of use without a connection: the lobby, and rooms. @param {string} path @returns {boolean} */
function isOfUse(path) {
  return path.startsWith(CHAT) && /^([^/]+\/)?$/.test(path.slice(CHAT.length));
}

/** A file of this version, which never changes. @param {any} event @param {string} path @returns {Promise<Response>} */
async function file(event, path) {
  const kept = await find(FILES, path);
  if (kept) return kept;
  const answer = await fetch(event.request);
  const copy = answer.ok ? answer.clone() : undefined;
  if (copy) event.waitUntil(caches.open(FILES).then((files) => files.put(path, copy)));
  return answer;
}

/** @param {string} path @returns {Promise<void>} */
async function visit(path) {
  if (isOfUse(path)) await fetch(path).then((page) => keep(PAGES, path, page)).catch(() => {});
}

/** Keeps a page, and the files that it names. @param {string} name @param {string} path @param {Response} page @returns {Promise<void>} */
async function keep(name, path, page) {
  // A refusal or the way to another page is of no use later.
  if (!page.ok || page.redirected) return;
  const text = await page.clone().text();
  const files = await caches.open(FILES);
  const named = new Set([...text.matchAll(NAMED)].map(([, file]) => file));
  await Promise.all(
    [...named].map(async (file) => await files.match(file) || await files.add(file).catch(() => {})),
  );
  const pages = await caches.open(name);
  // The last one that is put is the last one of the keys.
  await pages.delete(path, { ignoreVary: true });
  await pages.put(path, page);
  const kept = await pages.keys();
  for (const old of kept.slice(0, Math.max(0, kept.length - MOST_PAGES))) {
    if (name === PAGES) await pages.delete(old, { ignoreVary: true });
  }
}

/** @param {string} name @param {string} path @returns {Promise<Response | undefined>} */
async function find(name, path) {
  return await (await caches.open(name)).match(path, { ignoreVary: true });
}

/** @param {Push} push @returns {Promise<void>} */
async function show({ id, title, body, url, room, unread }) {
  const key = `${room} ${id}`;
  // A newer one takes the place of that of the same room.
  const tag = `room/${room}`;
  const present = await worker.registration.getNotifications({ tag });
  const isKnown = shown.includes(key) || present.some((/** @type {any} */ { data }) => data.id === id);
  if (isKnown || await isInView(room)) return;
  shown.push(key);
  shown.splice(0, shown.length - MOST_REMEMBERED);
  const isChinese = navigator.language.startsWith("zh");
  const count = isChinese ? `${unread} 則新訊息` : unread === 1 ? "New message" : `${unread} new messages`;
  await worker.registration.showNotification(title, {
    body: body ? unread > 1 ? `${body}\n${count}` : body : count,
    tag,
    renotify: true,
    icon: `${app.base}/static/app/icon_192.png`,
    data: { id, room, unread, url: app.base + url },
  });
  await badge();
}

/** Shows on the app's icon what the notifications say is unread; a page, when one is open, knows better. @returns {Promise<void>} */
async function badge() {
  const all = await worker.registration.getNotifications();
  const unread = all.reduce(
    (/** @type {number} */ sum, /** @type {any} */ { data }) => sum + (data?.unread ?? 0),
    0,
  );
  await worker.navigator.setAppBadge?.(unread).catch(() => {});
}

/** Whether somebody looks at a room. @param {string} room @returns {Promise<boolean>} */
async function isInView(room) {
  return (await windowsOf(room)).some(({ visibilityState }) => visibilityState === "visible");
}

/** @param {string} room @returns {Promise<any[]>} */
async function windowsOf(room) {
  const path = `${app.base}/chat/${encodeURIComponent(room)}/`;
  const all = await worker.clients.matchAll({ type: "window" });
  return all.filter((/** @type {any} */ { url }) => new URL(url).pathname === path);
}

/** Goes to a message in a window of its room, else in any that is open, or in a new one. @param {{ room: string, url: string }} to @returns {Promise<void>} */
async function open({ room, url }) {
  const [first] = [...await windowsOf(room), ...await worker.clients.matchAll({ type: "window" })];
  const window = first && await first.navigate(url).catch(() => null);
  if (window) await window.focus();
  else await worker.clients.openWindow(url);
}
