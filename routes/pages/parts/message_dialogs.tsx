import { Icon } from "./layout.tsx";
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
      <dialog class="dialog search" data-part="search" aria-labelledby="search-title">
        <form method="dialog" class="search__title">
          <h2 class="dialog__title" id="search-title">{words["room.search"]}</h2>
          <button class="icon-button" type="submit" aria-label={words["room.close"]}>
            <Icon name="close" />
          </button>
        </form>
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
          <button class="button button--quiet" data-part="search-day" type="button">
            {words["room.search_day"]}
          </button>
        </div>
        <ol class="search__results" data-part="search-results"></ol>
        <button class="button button--quiet" data-part="search-more" type="button" hidden>
          {words["room.search_more"]}
        </button>
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
