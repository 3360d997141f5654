import type { Markup, PageProps } from "../page.ts";
import { FormEnd, TextField } from "./form.tsx";

/** The spreadsheet and the tab that a room has of its own; shown by its script to those who may choose them. */
export function RoomSheet({ page, room }: PageProps & { room: string }): Markup {
  const { words } = page;
  return (
    <section class="account__part" data-part="sheet" aria-labelledby="sheet-title" hidden>
      <h2 id="sheet-title">{words["rules.sheet"]}</h2>
      <p class="form__hint">
        {words["rules.sheet_hint"]} <strong data-part="sheet-account"></strong>
      </p>
      <form class="form" data-room={room} method="post">
        <TextField
          label={words["rules.spreadsheet"]}
          name="spreadsheet"
          required
          maxlength={500}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
        />
        <TextField
          label={words["rules.tab"]}
          hint={words["rules.tab_hint"]}
          name="tab"
          maxlength={90}
          autocomplete="off"
        />
        <FormEnd submit={words["rules.sheet_use"]} confirms />
        <button class="button button--quiet" type="button" data-part="sheet-back" hidden>
          {words["rules.sheet_back"]}
        </button>
      </form>
    </section>
  );
}
