import { element, part } from "../../shared/parts.js";
import { lineOf } from "../changes/quote_line.js";
import { whoReacted } from "../changes/reaction_chips.js";
import { act, actionButtons, clickedButton, reactionButtons } from "./action_buttons.js";

/** @import { Words } from "../../shared/words.js" */
/** @import { MessageItem } from "../messages/message_row.js" */
/** @import { MessageActions } from "./message_actions.js" */

/** How long a finger rests on a message, and how far it may move meanwhile. */
const PRESS_MS = 500;
const MOVE_PX = 10;

/**
 * What a toolbar offers, for fingers: a sheet from the bottom of the screen, after a long press on a message.
 * @param {HTMLDialogElement} sheet
 * @param {object} parts
 * @param {HTMLElement} parts.list
 * @param {(row: HTMLElement) => MessageItem | undefined} parts.itemIn
 * @param {MessageActions} parts.actions
 * @param {Words} parts.words
 * @param {(item: MessageItem, opener: HTMLElement) => void} parts.pickEmoji
 * @returns {() => void} unmounts
 */
export function mountActionSheet(sheet, { list, itemIn, actions, words, pickEmoji }) {
  const listening = new AbortController();
  const { signal } = listening;
  /** @type {{ timer: number, x: number, y: number } | undefined} */
  let press;
  /** @type {{ item: MessageItem, row: HTMLElement } | undefined} */
  let shown;
  const endPress = () => {
    clearTimeout(press?.timer);
    press = undefined;
  };
  /** @param {HTMLElement} row */
  const open = (row) => {
    const item = itemIn(row);
    const buttons = item && actions.for(item);
    if (!item || !buttons?.length) return;
    shown = { item, row };
    const reacting = actions.mayReact(item) ? reactionButtons(item, words) : [];
    part("sheet-title", sheet).textContent = words.say("quote", {
      name: item.username,
      text: lineOf(item.text),
    });
    part("sheet-reactions", sheet).replaceChildren(...reacting);
    part("sheet-actions", sheet).replaceChildren(...actionButtons(buttons, words, { withText: true }));
    part("sheet-who", sheet).replaceChildren(
      ...item.reactions.map((reaction) =>
        element("li", {}, `${reaction.emoji} ${whoReacted(reaction, words)}`)
      ),
    );
    pressed = null;
    sheet.showModal();
  };
  list.addEventListener("pointerdown", ({ pointerType, isPrimary, target, clientX: x, clientY: y }) => {
    endPress();
    const element = /** @type {Element} */ (target);
    const row = /** @type {HTMLElement | null} */ (element.closest(".message"));
    // Links have a menu of their own.
    if (pointerType === "mouse" || !isPrimary || !row || element.closest("a, .message__trouble")) return;
    press = { x, y, timer: setTimeout(open, PRESS_MS, row) };
  }, { signal });
  list.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (press && Math.hypot(clientX - press.x, clientY - press.y) > MOVE_PX) endPress();
  }, { signal });
  for (const type of ["pointerup", "pointercancel", "scroll"]) {
    list.addEventListener(type, endPress, { signal, passive: true });
  }
  list.addEventListener("contextmenu", (event) => press && event.preventDefault(), { signal });
  /** @type {EventTarget | null} */
  let pressed = null;
  sheet.addEventListener("pointerdown", ({ target }) => (pressed = target), { signal });
  sheet.addEventListener("click", (event) => {
    // The finger that opened the sheet is lifted above it, and means nothing of what lies there.
    if (!pressed && event.detail > 0) return;
    // The backdrop is the dialog itself.
    if (event.target === sheet) return sheet.close();
    const button = clickedButton(event);
    if (!button || !shown) return;
    sheet.close();
    act(button, { ...shown, actions, pickEmoji });
  }, { signal });
  return () => {
    endPress();
    listening.abort();
  };
}
