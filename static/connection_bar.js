/** @import { Status } from "./connection.js" */
/** @import { RoomSocket } from "./socket.js" */
/** @import { Words } from "./words.js" */

const SECOND_MS = 1_000;
const CLOSE_SIGNED_OUT = 4001;

/**
 * Shows a quiet bar while there is no connection, with a countdown and a way to try at once, and marks the
 * page with `data-connection` for whoever wants to look different then.
 * @param {HTMLElement} bar
 * @param {{ socket: RoomSocket, words: Words }} parts
 * @returns {() => void} unmounts
 */
export function mountConnectionBar(bar, { socket, words }) {
  const sentence = /** @type {HTMLElement} */ (bar.querySelector("[data-part=sentence]"));
  const now = /** @type {HTMLButtonElement} */ (bar.querySelector("[data-part=now]"));
  const rename = /** @type {HTMLElement} */ (bar.querySelector("[data-part=rename]"));
  const signIn = /** @type {HTMLElement} */ (bar.querySelector("[data-part=sign-in]"));
  const listening = new AbortController();
  let hasFailed = false;
  const show = () => {
    const { connection } = socket;
    if (connection.state !== "connecting") hasFailed = connection.state !== "open";
    document.body.dataset.connection = connection.state;
    // To connect takes a moment; a bar that flashes by would only worry people.
    bar.hidden = !hasFailed;
    now.hidden = connection.state !== "waiting";
    rename.hidden = connection.state !== "refused" || connection.code === CLOSE_SIGNED_OUT ||
      isRoomsOwn(connection);
    // Who is signed in, but not a member, gains nothing by it.
    signIn.hidden = connection.state !== "refused" ||
      (connection.code !== CLOSE_SIGNED_OUT && document.body.dataset.role !== "guest");
    sentence.textContent = sentenceFor(connection, words);
  };
  now.addEventListener("click", () => socket.connect(), { signal: listening.signal });
  const countdown = setInterval(
    () => socket.connection.state === "waiting" && show(),
    SECOND_MS,
  );
  const off = socket.on("connection", show);
  return () => {
    off();
    clearInterval(countdown);
    listening.abort();
  };
}

/** @param {Status} connection @param {Words} words @returns {string} */
function sentenceFor(connection, words) {
  const { state, retryAt = 0, code, reason = "" } = connection;
  if (state === "refused") {
    if (code === CLOSE_SIGNED_OUT) return words.say("sign_in");
    if (reason.includes("closed")) return words.say("closed");
    if (reason.includes("removed")) return words.say("removed");
    if (reason.includes("can't be used")) return words.say("name_refused");
    if (reason.includes("Somebody else")) return words.say("name_held");
    return words.say(isRoomsOwn(connection) ? "private" : "not_allowed");
  }
  if (state !== "waiting") return words.say("reconnecting");
  const seconds = Math.max(1, Math.ceil((retryAt - Date.now()) / SECOND_MS));
  return words.say(navigator.onLine ? "retry_in" : "retry_in_offline", { seconds });
}

/** Whether it is the room that doesn't let in, and not the name. @param {Status} status @returns {boolean} */
export function isRoomsOwn({ reason = "" }) {
  return /private|closed|removed/.test(reason);
}
