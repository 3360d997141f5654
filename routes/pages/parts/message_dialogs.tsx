import { QuietButton } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import type { Markup, PageProps } from "../page.ts";
import { ModerationParts } from "./moderation_parts.tsx";

/** The shortcuts of a room's page, by key: the key of the words that say what it does. */
const SHORTCUTS = [
  ["Enter", "shortcuts.send"],
  ["Shift + Enter", "shortcuts.newline"],
  ["↑", "shortcuts.edit_last"],
  ["@", "shortcuts.mention"],
  ["Ctrl / ⌘ + K, /", "shortcuts.search"],
  ["Tab ↑ ↓", "shortcuts.walk"],
  ["Esc", "shortcuts.leave"],
  ["?", "shortcuts.list"],
] as const;

/** What opens for a message, and the list of shortcuts. */
export function MessageDialogs({ page }: PageProps): Markup {
  const { words } = page;
  return (
    <>
      <ModerationParts page={page} />
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
      <Dialog page={page} part="picker" title={words["live.more_emoji"]} class="picker">
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
      </Dialog>
      <Dialog page={page} part="search" title={words["room.search"]} class="search">
        <input
          class="form__input"
          data-part="search-words"
          type="search"
          aria-label={words["room.search_words"]}
          placeholder={words["room.search_words"]}
          autocomplete="off"
          maxlength={200}
          autofocus
        />
        <div class="search__filters">
          <label>
            {words["room.search_by"]}
            <input class="form__input" type="search" name="by" list="search-names" maxlength={200} />
          </label>
          <datalist id="search-names" data-part="search-names"></datalist>
          <label>
            {words["room.search_from"]}
            <input class="form__input" type="date" name="from" />
          </label>
          <label>
            {words["room.search_to"]}
            <input class="form__input" type="date" name="to" />
          </label>
        </div>
        <div class="search__foot">
          <p data-part="search-status" role="status"></p>
          <QuietButton data-part="search-day">{words["room.search_day"]}</QuietButton>
        </div>
        <ol class="search__results" data-part="search-results"></ol>
        <QuietButton data-part="search-more" hidden>{words["room.search_more"]}</QuietButton>
      </Dialog>
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
