import { part } from "../../shared/parts.js";
import { mountActionSheet } from "./action_sheet.js";
import { MessageActions } from "./message_actions.js";
import { mountShortcuts } from "./shortcuts.js";
import { mountToolbar } from "./toolbar.js";

/** @import { Words } from "../../shared/words.js" */
/** @import { RoomSocket } from "../connection/room_socket.js" */
/** @import { MessageItem } from "../messages/message_row.js" */
/** @import { MessageStore } from "../messages/message_store.js" */
/** @import { EmojiPicker } from "./emoji_picker.js" */

/**
 * @typedef {object} ActionsParts
 * @property {Pick<MessageStore, "itemOf" | "lastOwn">} messages
 * @property {RoomSocket} socket
 * @property {Words} words
 * @property {string} room
 * @property {HTMLElement} composer
 */

/**
 * Lets readers act on messages: by a toolbar, by a sheet, by the reactions under a message, and by Up in an empty composer.
 * @param {HTMLElement} list
 * @param {ActionsParts} parts
 * @returns {() => void} unmounts
 */
export function mountActions(list, { messages, socket, words, room, composer }) {
  const listening = new AbortController();
  const { signal } = listening;
  const status = part("status");
  const actions = new MessageActions({
    socket,
    words,
    room,
    composer,
    say: (sentence) => (status.textContent = sentence),
  });
  const itemIn = (/** @type {HTMLElement} */ row) => messages.itemOf(row.dataset.id ?? "");
  /** @type {EmojiPicker | undefined} */
  let picker;
  /** @param {MessageItem} item @param {HTMLElement} opener */
  const pickEmoji = async (item, opener) => {
    const { EmojiPicker } = await import("./emoji_picker.js");
    picker ??= new EmojiPicker(/** @type {HTMLDialogElement} */ (part("picker")), words);
    await picker.open((emoji) => {
      actions.react(item, emoji, true);
      opener.focus({ preventScroll: true });
    });
  };
  const shared = { itemIn, actions, words, pickEmoji };
  const unmounts = [
    mountToolbar(list, { ...shared, socket }),
    mountActionSheet(/** @type {HTMLDialogElement} */ (part("sheet")), { ...shared, list }),
    mountShortcuts(/** @type {HTMLDialogElement} */ (part("shortcuts")), part("shortcuts-open")),
  ];
  list.addEventListener("click", ({ target }) => {
    const chip =
      /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest("[data-action=react]"));
    const row = /** @type {HTMLElement | null} */ (chip?.closest(".message"));
    const item = row && itemIn(row);
    if (!chip || !item) return;
    actions.react(item, chip.dataset.emoji ?? "", chip.ariaPressed !== "true");
  }, { signal });
  composer.addEventListener("editlast", () => {
    const last = messages.lastOwn((item) => actions.for(item).includes("edit"));
    if (last) actions.run(last, "edit");
  }, { signal });
  return () => {
    unmounts.forEach((unmount) => unmount());
    listening.abort();
  };
}
