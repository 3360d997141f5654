/** What opens for pictures and files: the viewer of one, and all of a room. */
import { IconButton, QuietButton } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import type { Markup, PageProps } from "../page.ts";
import { Icon } from "./layout.tsx";

/** The viewer, and the list of the room's files. */
export function FileDialogs({ page }: PageProps): Markup {
  const { words } = page;
  return (
    <>
      <Dialog page={page} part="gallery" title={words["room.gallery"]} class="gallery">
        <p data-part="gallery-status" role="status"></p>
        <div class="gallery__files" data-part="gallery-files"></div>
        <QuietButton data-part="gallery-more" hidden>{words["room.gallery_more"]}</QuietButton>
      </Dialog>
      <dialog class="viewer" data-part="viewer" aria-labelledby="viewer-name">
        <form method="dialog" class="viewer__bar">
          <h2 class="viewer__name" id="viewer-name" data-part="viewer-name" dir="auto"></h2>
          <IconButton icon="back" label={words["room.previous"]} data-part="viewer-previous" />
          <IconButton icon="next" label={words["room.next"]} data-part="viewer-next" />
          <a class="icon-button" data-part="viewer-download" aria-label={words["room.download"]}>
            <Icon name="download" />
          </a>
          <IconButton icon="close" label={words["room.close"]} type="submit" />
        </form>
        <img class="viewer__image" data-part="viewer-image" alt="" />
      </dialog>
    </>
  );
}
