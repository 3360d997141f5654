import { IconButton } from "./button.tsx";
import type { Markup, PageProps } from "../page.ts";

/** What scripts copy for a room in a list of rooms. */
export function RoomRow({ page }: PageProps): Markup {
  const { words } = page;
  return (
    <template data-template="room">
      <li class="rooms__row">
        <a class="rooms__link" data-part="link">
          <span class="avatar rooms__avatar" data-part="avatar" aria-hidden="true"></span>
          <span class="rooms__text">
            <span class="rooms__name" dir="auto">
              <svg
                class="lock rooms__lock"
                data-part="lock"
                role="img"
                aria-label={words["live.private_room"]}
                hidden
              >
                <use href="#icon-lock" />
              </svg>
              <span data-part="name"></span>
            </span>
            <span class="rooms__preview" data-part="preview" dir="auto">
              <span class="rooms__who" data-part="who"></span>
              <span class="rooms__what" data-part="what"></span>
            </span>
          </span>
          <span class="rooms__side">
            <time class="rooms__time" data-part="time"></time>
            <span
              class="rooms__unread"
              data-part="unread"
              role="img"
              aria-label={words["live.unread"]}
              hidden
            >
            </span>
          </span>
        </a>
        <IconButton
          icon="link"
          label={words["room.copy_link"]}
          class="icon-button rooms__copy"
          data-action="copy"
        />
      </li>
    </template>
  );
}
