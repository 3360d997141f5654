/** The form in which messages are written, with what is attached to them. */
import { IconButton } from "./button.tsx";
import type { Markup, PageProps } from "../page.ts";
import { Icon } from "./layout.tsx";

/** The composer. */
export function Composer({ page }: PageProps): Markup {
  const { words } = page;
  return (
    <form class="composer" id="composer" data-part="composer">
      <p class="composer__pace" data-part="pace" role="status" hidden></p>
      <p class="composer__error" data-part="error" role="alert"></p>
      <div class="composer__purpose" data-part="purpose" hidden>
        <p class="composer__purpose-text">
          <strong data-part="purpose-name"></strong> <bdi data-part="purpose-text"></bdi>
        </p>
        <IconButton icon="close" label={words["room.cancel"]} data-part="purpose-end" />
      </div>
      <ul
        class="mentions"
        data-part="mentions"
        role="listbox"
        aria-label={words["room.mentions"]}
        hidden
      >
      </ul>
      <ul class="attachments" data-part="attachments" aria-label={words["room.attachments"]} hidden>
      </ul>
      <label class="composer__original" data-part="original-line" hidden>
        <input type="checkbox" data-part="original" />
        {words["room.original"]}
      </label>
      <input
        type="file"
        data-part="files"
        multiple
        hidden
        aria-label={words["room.attach"]}
        tabindex={-1}
      />
      <IconButton
        icon="attach"
        label={words["room.attach"]}
        class="icon-button composer__attach"
        data-part="attach"
        hidden
      />
      <textarea
        class="composer__field"
        dir="auto"
        rows={1}
        aria-label={words["room.placeholder"]}
        placeholder={words["room.placeholder"]}
        enterkeyhint="enter"
        autocomplete="off"
      >
      </textarea>
      <button class="composer__send" type="submit" aria-label={words["room.send"]} disabled>
        <Icon name="send" />
      </button>
      <p class="composer__counter" data-part="counter"></p>
    </form>
  );
}
