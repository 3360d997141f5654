/** Fields in which people say what they want to be notified of. */
import { QuietButton } from "./button.tsx";
import type { JSX } from "hono/jsx";
import type { Markup, PageProps } from "../page.ts";
import { Check, Field, FormEnd, TextField } from "./form.tsx";

/** The choice of a level; attributes are those of the `<select>`. */
function LevelField(
  { page, label, ...select }: PageProps & JSX.IntrinsicElements["select"] & { label: string },
): Markup {
  const { words } = page;
  return (
    <Field label={label}>
      <select class="form__input" {...select}>
        <option value="all">{words["watch.all"]}</option>
        <option value="mentions" selected>{words["watch.mentions"]}</option>
        <option value="none">{words["watch.none"]}</option>
      </select>
    </Field>
  );
}

/** The level of the room that the page shows; hidden until it is known. */
export function RoomLevel({ page }: PageProps): Markup {
  return (
    <div class="people__watch" data-for="account" data-part="watch" hidden>
      <LevelField page={page} label={page.words["watch.room"]} data-part="watch-level" />
    </div>
  );
}

/** What holds for all rooms of an account, and the sound of this browser. */
export function WatchForm({ page }: PageProps): Markup {
  const { words } = page;
  return (
    <form class="form" data-part="watch" method="post">
      <fieldset class="form__fields" disabled>
        <LevelField page={page} label={words["watch.default"]} name="level" />
        <Check name="previews" label={words["watch.previews"]} />
        <Check name="is_quiet" label={words["watch.quiet"]} />
        <div class="form__pair">
          <TextField label={words["watch.quiet_from"]} name="from" type="time" required value="22:00" />
          <TextField label={words["watch.quiet_to"]} name="to" type="time" required value="08:00" />
        </div>
        <Field label={words["watch.sound"]} hint={words["watch.sound_hint"]}>
          <select class="form__input" name="sound">
            <option value="off">{words["watch.sound_off"]}</option>
            <option value="mentions">{words["watch.sound_mentions"]}</option>
            <option value="all">{words["watch.sound_all"]}</option>
          </select>
        </Field>
      </fieldset>
      <FormEnd submit={words["watch.save"]} confirms />
      <div class="form__field" data-part="push" hidden>
        <p class="form__hint">{words["watch.push_hint"]}</p>
        <QuietButton data-part="push-button"></QuietButton>
        <p class="form__error" data-part="push-error" role="alert"></p>
      </div>
    </form>
  );
}
