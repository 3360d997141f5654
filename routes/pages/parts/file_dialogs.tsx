/** What opens for pictures and files: the viewer of one, and all of a room. */
import type { Markup, PageProps } from "../page.ts";
import { Icon } from "./layout.tsx";

/** The viewer, and the list of the room's files. */
export function FileDialogs({ page }: PageProps): Markup {
  const { words } = page;
  return (
    <>
      <dialog class="dialog gallery" data-part="gallery" aria-labelledby="gallery-title">
        <form method="dialog" class="search__title">
          <h2 class="dialog__title" id="gallery-title">{words["room.gallery"]}</h2>
          <button class="icon-button" type="submit" aria-label={words["room.close"]}>
            <Icon name="close" />
          </button>
        </form>
        <p data-part="gallery-status" role="status"></p>
        <div class="gallery__files" data-part="gallery-files"></div>
        <button class="button button--quiet" data-part="gallery-more" type="button" hidden>
          {words["room.gallery_more"]}
        </button>
      </dialog>
      <dialog class="viewer" data-part="viewer" aria-labelledby="viewer-name">
        <form method="dialog" class="viewer__bar">
          <h2 class="viewer__name" id="viewer-name" data-part="viewer-name" dir="auto"></h2>
          <button
            class="icon-button"
            data-part="viewer-previous"
            type="button"
            aria-label={words["room.previous"]}
          >
            <Icon name="back" />
          </button>
          <button class="icon-button" data-part="viewer-next" type="button" aria-label={words["room.next"]}>
            <Icon name="next" />
          </button>
          <a class="icon-button" data-part="viewer-download" aria-label={words["room.download"]}>
            <Icon name="download" />
          </a>
          <button class="icon-button" type="submit" aria-label={words["room.close"]}>
            <Icon name="close" />
          </button>
        </form>
        <img class="viewer__image" data-part="viewer-image" alt="" />
      </dialog>
    </>
  );
}
