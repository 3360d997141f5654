import { renameTitle } from "../shared/title_marks.js";
import { part } from "../shared/parts.js";
import { forgetAccount, isSignedOut } from "../shared/former_account.js";
import { refusalOf } from "./connection/refusal.js";

/** @import { Store } from "../shared/storage.js" */
/** @import { RoomSocket } from "./connection/room_socket.js" */

/** Parts of the page that hold what people said, and who they are; and those where it is written anew. */
const REMOVED = ["rows", "pins", "rooms", "people", "member-list", "typing", "return", "pill", "bell"];
const EMPTIED = [
  "search-results",
  "search-names",
  "purpose-name",
  "purpose-text",
  "queue-list",
  "moderate-name",
  "moderate-done",
  "gallery-files",
  "viewer-name",
];

/**
 * Takes what was said, names and drafts off the page when its account is signed out: somebody else may be sitting there next.
 * The bar says what has happened.
 * @param {{ socket: RoomSocket, storage: Store, account: string, room: string }} parts `account`: its id, or ""
 * @returns {() => void} does it, for when another tab has signed out
 */
export function mountSignedOut({ socket, storage, account, room }) {
  const leave = () => {
    if (!account) return;
    for (const element of partsNamed(REMOVED)) element.remove();
    for (const element of partsNamed(EMPTIED)) element.replaceChildren();
    for (const dialog of document.querySelectorAll("dialog")) dialog.close();
    for (const field of document.querySelectorAll("textarea, [data-part=search-words]")) {
      /** @type {HTMLTextAreaElement | HTMLInputElement} */ (field).value = "";
      field.dispatchEvent(new Event("input"));
    }
    part("composer").dispatchEvent(new CustomEvent("detach"));
    for (const image of partsNamed(["viewer-image"])) {
      for (const name of ["src", "alt"]) image.removeAttribute(name);
    }
    renameTitle(part("title").dataset.name ?? "", room);
    part("title").textContent = part("title").dataset.name = room;
    // Unless somebody else has signed in meanwhile, whose storage it is now.
    if (isSignedOut(storage, account)) forgetAccount(storage);
  };
  socket.on("connection", (status) => refusalOf(status) === "signed_out" && leave());
  return leave;
}

/** @param {readonly string[]} names */
function partsNamed(names) {
  return document.querySelectorAll(names.map((name) => `[data-part="${name}"]`).join());
}
