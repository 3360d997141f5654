import { Icon } from "./layout.tsx";
import type { Markup, PageProps } from "../page.ts";

/** The shortcuts of a room's page, by key: the key of the words that say what it does. */
const SHORTCUTS = [
  ["Enter", "shortcuts.send"],
  ["Shift + Enter", "shortcuts.newline"],
  ["↑", "shortcuts.edit_last"],
  ["@", "shortcuts.mention"],
  ["Tab ↑ ↓", "shortcuts.walk"],
  ["Esc", "shortcuts.leave"],
  ["?", "shortcuts.list"],
] as const;

/** What opens for a message, and the list of shortcuts. */
export function MessageDialogs({ page }: PageProps): Markup {
  const { words } = page;
  return (
    <>
      <dialog class="sheet" data-part="sheet" aria-labelledby="sheet-title">
        <p class="sheet__title" id="sheet-title" data-part="sheet-title" dir="auto"></p>
        <div
          class="sheet__reactions"
          data-part="sheet-reactions"
          role="group"
          aria-label={words["live.reactions"]}
        >
        </div>
        <div class="sheet__actions" data-part="sheet-actions"></div>
        <ul class="sheet__who" data-part="sheet-who"></ul>
      </dialog>
      <dialog class="dialog picker" data-part="picker" aria-labelledby="picker-title">
        <form method="dialog" class="picker__head">
          <h2 class="dialog__title" id="picker-title">{words["live.more_emoji"]}</h2>
          <button class="icon-button" type="submit" aria-label={words["room.close"]}>
            <Icon name="close" />
          </button>
        </form>
        <input
          class="form__input"
          data-part="emoji-search"
          type="search"
          aria-label={words["room.emoji_search"]}
          placeholder={words["room.emoji_search"]}
          autocomplete="off"
          autofocus
        />
        <p class="picker__status" data-part="emoji-status" role="status"></p>
        <div class="picker__all" data-part="emoji-all" tabindex={-1}></div>
      </dialog>
      <dialog class="dialog" data-part="shortcuts" aria-labelledby="shortcuts-title">
        <form method="dialog">
          <h2 class="dialog__title" id="shortcuts-title">{words["shortcuts.title"]}</h2>
          <dl class="shortcuts">
            {SHORTCUTS.map(([keys, word]) => (
              <div class="shortcuts__row">
                <dt>
                  <kbd>{keys}</kbd>
                </dt>
                <dd>{words[word]}</dd>
              </div>
            ))}
          </dl>
          <button class="button" type="submit">{words["room.close"]}</button>
        </form>
      </dialog>
    </>
  );
}
