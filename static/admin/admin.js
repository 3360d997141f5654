import { part } from "../shared/parts.js";
import { at } from "../shared/address.js";
import { mountAccounts } from "./accounts.js";
import { mountRooms } from "./rooms.js";
import { mountTokens } from "./tokens.js";
import { BoardCharts } from "./charts.js";
import { CLOSE } from "../shared/connection/closing.js";
import { Connection } from "../shared/connection/connection.js";
import { mountDeadLetters } from "./dead_letters.js";
import { mountEvents } from "./events.js";
import { mountSheetCheck } from "./sheet_check.js";
import { mountFigures } from "./stat_tiles.js";
import { refusal } from "../shared/refusal.js";
import { mountSettings } from "../shared/settings.js";
import { pageWords } from "../shared/words.js";

/** @import { Answer } from "../shared/api.js" */
/** @import { Point, Stats } from "../../rooms/stats/dashboard.ts" */
/** @import { Status } from "../shared/connection/connection.js" */

const words = pageWords();

/** Shows the reason of a refusal, or clears the last one. @param {Answer} answer @returns {boolean} whether it succeeded */
function succeeded(answer) {
  part("trouble").textContent = answer.ok ? "" : refusal(words, answer);
  return answer.ok;
}

mountSettings();
const parts = { words, succeeded };
const figures = mountFigures(words);
const charts = new BoardCharts(part("charts"), {
  scope: part("scope"),
  trouble: part("charts-trouble"),
  words,
});
const events = mountEvents(part("events"), { ...parts, empty: part("events-empty") });
const deadLetters = mountDeadLetters(part("dead-letters"), {
  ...parts,
  empty: part("dead-empty"),
  all: part("retry-all"),
});
mountSheetCheck(part("check-sheet"), { ...parts, result: part("sheet-check") });
const rooms = mountRooms(part("rooms-list"), {
  ...parts,
  empty: part("rooms-empty"),
  filter: part("filter"),
});
const lists = new Map([
  [part("rooms-part"), rooms],
  [
    part("accounts-part"),
    mountAccounts(part("accounts"), {
      ...parts,
      make: part("make-account"),
      done: part("account-told"),
      password: part("account-password"),
    }),
  ],
  [part("tokens-part"), mountTokens(part("admin-tokens"), { ...parts, empty: part("tokens-empty") })],
]);
for (const [details, list] of lists) {
  const toggled = () => /** @type {HTMLDetailsElement} */ (details).open && list.refresh();
  details.addEventListener("toggle", toggled);
  // It may have been opened before this module ran.
  toggled();
}

const url = new URL(at("/ws/dashboard/?batch=1"), location.href);
url.protocol = url.protocol.replace("http", "ws");
const connection = new Connection({
  address: () => url,
  open: (address) => new WebSocket(address),
  random: Math.random,
});
connection.on("status", showStatus);
connection.on("frame", (frame) => receive(/** @type {any} */ (frame)));
connection.connect();
addEventListener("offline", () => connection.drop());
for (const name of ["online", "focus", "pageshow"]) addEventListener(name, () => connection.connect());

/** @param {{ type: string, data?: Stats & { history?: Point[] } }} frame @returns {void} */
function receive({ type, data }) {
  connection.gotAnswer();
  if (type === "initial_stats") {
    connection.succeed();
    charts.begin(data?.history ?? []);
    events.refresh();
  } else if (type !== "stats_update") return void events.refresh();
  if (data) show(data);
}

/** @param {Stats} stats @returns {void} */
function show(stats) {
  figures.show(stats);
  charts.add(stats);
  deadLetters.update(stats.log_dead);
  if (/** @type {HTMLDetailsElement} */ (part("rooms-part")).open) rooms.refresh();
}

/** @param {Status} status @returns {void} */
function showStatus({ state, code }) {
  document.body.dataset.connection = state;
  part("status").textContent = state === "open"
    ? ""
    : state === "refused"
    ? words.say(code === CLOSE.notSignedIn ? "not_signed_in" : "not_allowed")
    : words.say("reconnecting");
}
