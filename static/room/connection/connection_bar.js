import { part } from "../../shared/parts.js";
import { CLOSE } from "../../shared/connection/closing.js";
import { limitSentence, nameSentence, refusalOf } from "./refusal.js";

/** @import { Status } from "../../shared/connection/connection.js" */
/** @import { RoomSocket } from "./room_socket.js" */
/** @import { Words } from "../../shared/words.js" */

const SECOND_MS = 1_000;

/**
 * Shows a bar while there is no connection, with a countdown and a button to connect at once. It also sets the body's
 * `data-connection`, on which stylesheets depend.
 * @param {HTMLElement} bar
 * @param {{ socket: RoomSocket, words: Words }} parts
 * @returns {() => void} unmounts
 */
export function mountConnectionBar(bar, { socket, words }) {
  const listening = new AbortController();
  const { signal } = listening;
  let hasFailed = false;
  const show = () => {
    const { connection } = socket;
    const { state, reason = "" } = connection;
    // A closed room is retried every 30 s; the bar need not say so each time.
    if (state === "connecting" && document.body.dataset.connection === "refused") return;
    if (state !== "connecting") hasFailed = state !== "open";
    document.body.dataset.connection = state;
    // Connecting takes a moment, and a bar that only flashes up would worry people.
    bar.hidden = !hasFailed;
    const refusal = refusalOf(connection);
    const isGuest = document.body.dataset.role === "guest";
    part("now", bar).hidden = state !== "waiting";
    part("again", bar).hidden = !refusal || refusal === "signed_out" || refusal === "name";
    part("rename", bar).hidden = refusal !== "name";
    // Signing in would not help where the room is closed to everybody, or where this person was removed.
    part("sign-in", bar).hidden = refusal !== "signed_out" &&
      !(isGuest && (refusal === "private" || (refusal === "name" && nameSentence(reason) === "not_allowed")));
    const mayGuest = document.body.dataset.auth === "guests" && document.body.dataset.private !== "true";
    part("as-guest", bar).hidden = refusal !== "signed_out" || isGuest || !mayGuest;
    const text = sentenceFor(connection, words);
    if (part("sentence", bar).textContent !== text) part("sentence", bar).textContent = text;
  };
  part("now", bar).addEventListener("click", () => socket.connect(), { signal });
  part("again", bar).addEventListener("click", () => socket.tryAgain(), { signal });
  part("as-guest", bar).addEventListener("click", () => location.reload(), { signal });
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
  const { state, retryAt = 0, trouble, code, reason = "" } = connection;
  const refusal = refusalOf(connection);
  if (refusal === "signed_out") {
    // A guest has not been signed out.
    return words.say(document.body.dataset.role === "guest" ? "sign_in" : "signed_out");
  }
  if (refusal) return words.say(refusal === "name" ? nameSentence(reason) : refusal);
  if (state !== "waiting") return words.say("reconnecting");
  const seconds = Math.max(1, Math.ceil((retryAt - Date.now()) / SECOND_MS));
  if (code === CLOSE.tooMany) return words.say(limitSentence(reason), { seconds });
  if (trouble) return words.say(trouble, { seconds, origin: location.origin });
  return words.say(navigator.onLine ? "retry_in" : "retry_in_offline", { seconds });
}
