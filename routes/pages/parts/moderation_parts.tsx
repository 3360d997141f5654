import { IconButton, QuietButton } from "./button.tsx";
import type { Markup, PageProps } from "../page.ts";

/** What hosts see: the messages that wait for approval, and what can be done about a person. */
export function ModerationParts({ page }: PageProps): Markup {
  const { words } = page;
  return (
    <>
      <section class="queue" data-part="queue" aria-labelledby="queue-title" hidden>
        <h2 class="queue__title" id="queue-title" data-part="queue-title"></h2>
        <ul class="queue__list" data-part="queue-list"></ul>
      </section>
      <template data-template="pending">
        <li class="queue__row">
          <p class="queue__text">
            <strong data-part="name" dir="auto"></strong> <span data-part="body" dir="auto"></span>
          </p>
          <button class="button" data-decision="approve" type="button">{words["moderation.approve"]}</button>
          <QuietButton data-decision="refuse">{words["moderation.refuse"]}</QuietButton>
        </li>
      </template>
      <dialog class="dialog" data-part="moderate" aria-labelledby="moderate-title">
        <form class="form" method="dialog">
          <h2 class="dialog__title" id="moderate-title" data-part="moderate-name" dir="auto"></h2>
          <p class="form__done" data-part="moderate-done" role="status"></p>
          <button class="button" data-part="moderate-undo" type="button" hidden>
            {words["moderation.undo"]}
          </button>
          <div class="form" data-part="moderate-acts">
            <QuietButton data-act="mute" data-minutes="10">{words["moderation.mute_10"]}</QuietButton>
            <QuietButton data-act="mute" data-minutes="60">{words["moderation.mute_60"]}</QuietButton>
            <QuietButton data-act="ban">{words["moderation.ban"]}</QuietButton>
            <QuietButton data-act="delete">{words["moderation.delete_all"]}</QuietButton>
          </div>
          <IconButton
            icon="close"
            label={words["room.close"]}
            class="icon-button dialog__close"
            type="submit"
          />
        </form>
      </dialog>
    </>
  );
}
