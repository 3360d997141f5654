import { element, part } from "../../shared/parts.js";

/** @import { Words } from "../../shared/words.js" */

/**
 * @typedef {{ emoji: string, annotation: string, tags?: string[], shortcodes?: string[], group: number, version: number }} Emoji
 */

/** Emoji that browsers of the last years have a picture of (https://unicode.org/Public/emoji/15.1/). */
const NEWEST_VERSION = 15.1;
/** The most emoji shown for a search. */
const MAX_FOUND = 120;
/** The groups of the data, in its order; 2 are parts of emoji. Each with the key of its word. */
const GROUPS = new Map([
  [0, "emoji_smileys"],
  [1, "emoji_people"],
  [3, "emoji_nature"],
  [4, "emoji_food"],
  [5, "emoji_travel"],
  [6, "emoji_activities"],
  [7, "emoji_objects"],
  [8, "emoji_symbols"],
  [9, "emoji_flags"],
]);
/** Made by `deno task bundle`; loaded when the picker is opened first. By the page's language. */
const DATA = new Map([["en", "./emoji_en.js"], ["zh-Hant", "./emoji_zh_hant.js"]]);

/** A dialog with all emoji, by groups and by words of the page's language. */
export class EmojiPicker {
  #dialog;
  #words;
  /** @type {HTMLInputElement} */
  #field;
  #all;
  /** @type {readonly Emoji[] | undefined} */
  #emoji;
  /** @type {(emoji: string) => void} */
  #picked = () => {};

  /** @param {HTMLDialogElement} dialog @param {Words} words */
  constructor(dialog, words) {
    this.#dialog = dialog;
    this.#words = words;
    this.#field = /** @type {HTMLInputElement} */ (part("emoji-search", dialog));
    this.#all = part("emoji-all", dialog);
    this.#field.addEventListener("input", () => this.#show());
    dialog.addEventListener("click", ({ target }) => {
      const emoji = /** @type {HTMLElement} */ (target).closest(".picker__emoji")?.textContent;
      if (target !== dialog && !emoji) return;
      dialog.close();
      if (emoji) this.#picked(emoji);
    });
    dialog.addEventListener("keydown", (event) => this.#keyPressed(event));
  }

  /** Lets the visitor choose. @param {(emoji: string) => void} picked @returns {Promise<void>} */
  async open(picked) {
    this.#picked = picked;
    this.#field.value = "";
    this.#dialog.showModal();
    if (!this.#emoji) {
      this.#say("emoji_loading");
      try {
        const { default: data } = await import(DATA.get(this.#words.language) ?? "./emoji_en.js");
        this.#emoji = /** @type {Emoji[]} */ (data).filter(({ group, version }) =>
          GROUPS.has(group) && version <= NEWEST_VERSION
        );
      } catch {
        return this.#say("emoji_failed");
      }
    }
    this.#show();
  }

  #show() {
    if (!this.#emoji) return;
    const sought = this.#field.value.trim().toLowerCase();
    if (sought) {
      const found = this.#emoji.filter((emoji) => isFound(emoji, sought)).slice(0, MAX_FOUND);
      this.#say(found.length ? "" : "emoji_none");
      return this.#all.replaceChildren(gridOf(found, this.#words.say("emoji_found")));
    }
    this.#say("");
    const groups = Map.groupBy(this.#emoji, ({ group }) => group);
    this.#all.replaceChildren(
      ...Array.from(GROUPS).flatMap(([group, key]) => {
        const label = this.#words.say(key);
        return [
          element("h3", { className: "picker__heading" }, label),
          gridOf(groups.get(group) ?? [], label),
        ];
      }),
    );
    this.#all.scrollTop = 0;
  }

  /** @param {string} key a key of the words, or "" */
  #say(key) {
    part("emoji-status", this.#dialog).textContent = key && this.#words.say(key);
    if (key) this.#all.replaceChildren();
  }

  /** Arrow keys walk the emoji; from the field, Down goes to the first one. @param {KeyboardEvent} event */
  #keyPressed(event) {
    const emoji = /** @type {HTMLElement[]} */ ([...this.#all.querySelectorAll(".picker__emoji")]);
    const at = emoji.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const next = at < 0
      ? event.key === "ArrowDown" || (event.key === "Enter" && !event.isComposing) ? emoji[0] : undefined
      : stepFrom(emoji, at, event.key);
    if (!next) return;
    event.preventDefault();
    if (at < 0 && event.key === "Enter") return next.click();
    next.focus();
  }
}

/**
 * The emoji that a key leads to. Rows are found by their positions, because their length depends on the window.
 * @param {readonly HTMLElement[]} emoji
 * @param {number} at
 * @param {string} key
 * @returns {HTMLElement | undefined}
 */
function stepFrom(emoji, at, key) {
  if (key === "ArrowRight") return emoji[at + 1];
  if (key === "ArrowLeft") return emoji[at - 1];
  if (key !== "ArrowDown" && key !== "ArrowUp") return undefined;
  const { left, top } = emoji[at].getBoundingClientRect();
  const step = key === "ArrowDown" ? 1 : -1;
  for (let index = at + step; emoji[index]; index += step) {
    const place = emoji[index].getBoundingClientRect();
    if (place.top !== top && Math.abs(place.left - left) < place.width / 2) return emoji[index];
  }
}

/** @param {Emoji} emoji @param {string} sought */
function isFound({ emoji, annotation, tags = [], shortcodes = [] }, sought) {
  return emoji === sought ||
    [annotation, ...tags, ...shortcodes].some((word) => word.toLowerCase().includes(sought));
}

/** @param {readonly Emoji[]} emoji @param {string} label @returns {HTMLElement} */
function gridOf(emoji, label) {
  const buttons = emoji.map(({ emoji: sign, annotation }) =>
    element("button", {
      type: "button",
      className: "picker__emoji",
      tabIndex: -1,
      title: annotation,
      ariaLabel: annotation,
    }, sign)
  );
  return element("div", { className: "picker__grid", role: "group", ariaLabel: label }, ...buttons);
}
