import { part } from "../shared/parts.js";
import { at } from "../shared/address.js";
import { ask } from "../shared/api.js";
import { Connection } from "../shared/connection/connection.js";
import { mountForm } from "../shared/form.js";
import { refusal } from "../shared/refusal.js";
import { followNetwork } from "../shared/connection/network.js";
import { ReportRow } from "./report_row.js";
import { askRooms, MAX_ROOMS_ASKED } from "../shared/room_summaries.js";
import { mountSettings } from "../shared/settings.js";
import { pageWords } from "../shared/words.js";

/** @import { ReportView } from "../../rooms/reports/task_update.ts" */

const words = pageWords();

/** The rows by report id; shown with the newest first. @type {Map<string, ReportRow>} */
const rows = new Map();
const list = part("list");
/** Titles of rooms by name; `undefined` where there is none. @type {Map<string, string | undefined>} */
const titles = new Map();

mountSettings();
mountForm(part("request"), {
  words,
  method: "POST",
  path: "/api/reports/request/",
  body: ({ type, room, from, to }) => ({
    type,
    room: room.trim(),
    from: from || undefined,
    to: to || undefined,
    language: document.documentElement.lang,
  }),
  done: readList,
});
follow();
await readList();

/** Receives the progress of reports, and loads the list again after every interruption. @returns {void} */
function follow() {
  const address = new URL(at("/ws/tasks/?batch=1"), location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const connection = new Connection({
    address: () => address,
    open: (url) => new WebSocket(url),
    random: Math.random,
  });
  connection.on("frame", (frame) => {
    const update = /** @type {ReportView & { type: string }} */ (/** @type {unknown} */ (frame));
    if (update.type === "task_update") void learnTitles([update]).then(() => show(update));
  });
  connection.on("status", ({ state }) => {
    if (state === "refused") return location.reload();
    const isLost = state === "waiting";
    if (isLost) part("connection").textContent = words.say("disconnected");
    if (state !== "open") return;
    connection.succeed();
    part("connection").textContent = "";
    void readList();
  });
  followNetwork(connection);
  connection.connect();
}

async function readList() {
  const answer = await ask("GET", "/api/reports");
  if (!answer.ok) return void (part("trouble").textContent = refusal(words, answer));
  part("trouble").textContent = "";
  /** @type {ReportView[]} */
  const reports = answer.body.reports;
  const ids = new Set(reports.map(({ task_id: id }) => id));
  for (const id of rows.keys()) if (!ids.has(id)) forget(id);
  await learnTitles(reports);
  for (const report of reports.toReversed()) show(report);
  list.dataset.ready = "";
  if (!reports.length) list.textContent = words.say("none");
}

/** @param {readonly ReportView[]} reports */
async function learnTitles(reports) {
  const unknown = [...new Set(reports.map(({ room }) => room))].filter((room) => !titles.has(room));
  if (!unknown.length) return;
  for (const { name, title } of await askRooms(unknown.slice(0, MAX_ROOMS_ASKED))) titles.set(name, title);
}

/** @param {ReportView} update @returns {void} */
function show(update) {
  const report = { ...update, room: titles.get(update.room) || update.room };
  const { task_id: id } = report;
  const known = rows.get(id);
  if (known) return known.show(report);
  if (!rows.size) list.textContent = "";
  const row = new ReportRow(words, () => remove(id));
  rows.set(id, row);
  row.show(report);
  // Ids of newer reports are greater.
  const before = [...rows].filter(([other]) => other < id).sort(([a], [b]) => a < b ? 1 : -1)[0];
  list.insertBefore(row.element, before ? before[1].element : null);
}

/** Cancels a report, or deletes it when it is finished. @param {string} id */
async function remove(id) {
  const answer = await ask("DELETE", `/api/reports/${id}`);
  // Another tab may have removed it already.
  part("trouble").textContent = answer.ok || answer.code === "not_found" ? "" : refusal(words, answer);
  if (answer.code !== "offline") await readList();
}

/** @param {string} id @returns {void} */
function forget(id) {
  rows.get(id)?.element.remove();
  rows.delete(id);
}
