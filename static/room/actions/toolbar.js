import { element, part } from "../../shared/parts.js";
import { act, actionButtons, clickedButton, reactionButtons } from "./action_buttons.js";

/** @import { Words } from "../../shared/words.js" */
/** @import { RoomSocket } from "../connection/room_socket.js" */
/** @import { MessageItem } from "../messages/message_row.js" */
/** @import { MessageActions } from "./message_actions.js" */

/** The controls of a message that Tab reaches while it has the focus. */
const CONTROLS = "button[data-action]";

/**
 * The toolbar of the message that a mouse points at, or that has the focus. There is one, which moves: two thousand would
 * make the list slow. In it, the arrow keys go from button to button, and Escape back to the message.
 * @param {HTMLElement} list
 * @param {object} parts
 * @param {(row: HTMLElement) => MessageItem | undefined} parts.itemIn
 * @param {RoomSocket} parts.socket
 * @param {MessageActions} parts.actions
 * @param {Words} parts.words
 * @param {(item: MessageItem, opener: HTMLElement) => void} parts.pickEmoji
 * @returns {() => void} unmounts
 */
export function mountToolbar(list, { itemIn, socket, actions, words, pickEmoji }) {
  const bar = element("div", { className: "toolbar", role: "toolbar", ariaLabel: words.say("actions") });
  const listening = new AbortController();
  const { signal } = listening;
  const hide = () => bar.remove();
  /** @param {HTMLElement} row */
  const showAt = (row) => {
    const item = itemIn(row);
    const buttons = item && actions.for(item);
    if (!item || !buttons?.length) return hide();
    const focused = [...bar.children].indexOf(/** @type {Element} */ (document.activeElement));
    const reacting = actions.mayReact(item) ? reactionButtons(item, words) : [];
    bar.replaceChildren(...reacting, ...actionButtons(buttons, words, { withText: false }));
    part("line", row).append(bar);
    choose(bar.children[Math.max(focused, 0)] ?? bar.children[0]);
    if (focused >= 0) /** @type {HTMLElement} */ (bar.querySelector("[tabindex='0']"))?.focus();
  };
  /** The button that Tab goes to. @param {Element} chosen */
  const choose = (chosen) => {
    for (const button of bar.children) {
      /** @type {HTMLElement} */ (button).tabIndex = button === chosen ? 0 : -1;
    }
  };
  const shownRow = () => /** @type {HTMLElement | null} */ (bar.closest(".message"));
  /** Whether a mouse points at the list. */
  let isPointed = false;
  const refresh = () => {
    // A message that was pointed at while it was on its way had nothing to act on.
    const row = shownRow() ?? (isPointed ? list.querySelector(".message:hover") : null);
    if (row) showAt(/** @type {HTMLElement} */ (row));
  };
  /** @param {EventTarget | null} target */
  const rowOf = (
    target,
  ) => /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest(".message"));

  list.addEventListener("pointerover", ({ pointerType, target }) => {
    const row = rowOf(target);
    isPointed = pointerType === "mouse";
    // The toolbar of a message that is worked with by keys stays.
    if (pointerType !== "mouse" || !row || bar.contains(document.activeElement)) return;
    if (shownRow() !== row) showAt(row);
  }, { signal });
  list.addEventListener("pointerleave", () => {
    isPointed = false;
    if (!shownRow()?.contains(document.activeElement)) hide();
  }, { signal });
  list.addEventListener("focusin", ({ target }) => {
    const row = rowOf(target);
    for (const control of list.querySelectorAll(`${CONTROLS}[tabindex="0"]`)) {
      if (!row?.contains(control)) /** @type {HTMLElement} */ (control).tabIndex = -1;
    }
    if (!row?.matches(":focus-visible, :has(:focus-visible)")) return;
    for (const control of row.querySelectorAll(CONTROLS)) /** @type {HTMLElement} */ (control).tabIndex = 0;
    if (shownRow() !== row) showAt(row);
  }, { signal });
  list.addEventListener("focusout", ({ relatedTarget }) => {
    if (!shownRow()?.contains(/** @type {Node | null} */ (relatedTarget)) && !bar.matches(":hover")) {
      hide();
    }
  }, { signal });
  bar.addEventListener("keydown", (event) => {
    const row = shownRow();
    if (event.key === "Escape" && row) {
      event.stopPropagation();
      return row.focus();
    }
    const next = nextIn([...bar.children], event.key);
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    for (const button of bar.children) {
      /** @type {HTMLElement} */ (button).tabIndex = button === next ? 0 : -1;
    }
    /** @type {HTMLElement} */ (next).focus();
  });
  bar.addEventListener("click", (event) => {
    const button = clickedButton(event);
    const row = shownRow();
    const item = row && itemIn(row);
    if (button && item) act(button, { item, row, actions, pickEmoji });
  });
  // Behind the list, which hears the same events.
  const later = () => requestAnimationFrame(refresh);
  const offs = [
    socket.on("pins", later),
    socket.on("changed", later),
    socket.on("unsent", later),
    socket.on("settled", later),
  ];
  return () => {
    offs.forEach((off) => off());
    hide();
    listening.abort();
  };
}

/** @param {readonly Element[]} buttons @param {string} key @returns {Element | undefined} */
function nextIn(buttons, key) {
  const at = buttons.indexOf(/** @type {Element} */ (document.activeElement));
  const step = getComputedStyle(buttons[0]).direction === "rtl" ? -1 : 1;
  if (key === "ArrowRight") return buttons.at((at + step) % buttons.length);
  if (key === "ArrowLeft") return buttons.at((at - step) % buttons.length);
  if (key === "Home") return buttons[0];
  if (key === "End") return buttons.at(-1);
}
