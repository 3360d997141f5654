import { QuietButton } from "./button.tsx";
import { Field, FormEnd, TextField } from "./form.tsx";
import { Part } from "./layout.tsx";
import type { Markup, PageProps } from "../page.ts";

/** Invitations into a room: the form that makes one, what is shown and printed of a new one, and all that there are. */
export function Invites({ page, room, title }: PageProps & { room: string; title: string }): Markup {
  const { words } = page;
  return (
    <Part id="invites-title" title={words["invites.title"]}>
      <form class="form" data-part="invite" data-room={room} method="post">
        <TextField label={words["invites.name"]} name="name" maxlength={64} autocomplete="off" />
        <Field label={words["invites.expires"]}>
          <select class="form__input" name="hours">
            <option value="2">{words["invites.hours_2"]}</option>
            <option value="24">{words["invites.day"]}</option>
            <option value="168" selected>{words["invites.week"]}</option>
            <option value="8760">{words["invites.year"]}</option>
          </select>
        </Field>
        <TextField
          label={words["invites.uses"]}
          hint={words["invites.uses_hint"]}
          name="uses"
          type="number"
          min={0}
          max={100000}
          value="0"
        />
        <Field label={words["invites.role"]}>
          <select class="form__input" name="role">
            <option value="guest" selected>{words["invites.guest"]}</option>
            <option value="member">{words["invites.member"]}</option>
          </select>
        </Field>
        <FormEnd submit={words["invites.make"]} />
      </form>
      <section class="poster" data-part="poster" hidden>
        <h3 class="poster__title" dir="auto">{title}</h3>
        <img class="poster__code" data-part="qr" alt={words["invites.qr"]} width="240" height="240" />
        <p class="poster__link">
          <a data-part="url"></a>
        </p>
        <p class="form__hint">{words["invites.once"]}</p>
        <QuietButton data-part="print">{words["invites.print"]}</QuietButton>
      </section>
      <ul class="account__list" data-part="invites"></ul>
      <template data-template="invite">
        <li class="account__row">
          <strong data-part="invite-name" dir="auto"></strong>
          <span class="account__fact" data-part="fact"></span>
          <span class="account__fact" data-part="people" dir="auto"></span>
          <QuietButton data-part="revoke">{words["invites.revoke"]}</QuietButton>
        </li>
      </template>
    </Part>
  );
}
