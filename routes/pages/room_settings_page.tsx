import { MAX_SLOW_SECONDS } from "../../rooms/access/moderation/slow_mode.ts";
import { Check, Field, FormEnd, NamesField, TextField } from "./parts/form.tsx";
import { Actions } from "./parts/header.tsx";
import { Icon, Layout, NoScript } from "./parts/layout.tsx";
import { RoomSheet } from "./parts/room_sheet.tsx";
import { Invites } from "./parts/invites.tsx";
import type { Markup, PageProps } from "./page.ts";

/** `/chat/:room/settings/`: the form starts empty; its script loads what it shows. */
export function RoomSettingsPage(
  { page, room, title }: PageProps & { room: string; title: string },
): Markup {
  const { words } = page;
  return (
    <Layout
      page={page}
      title={`${words["rules.title"]} · ${title}`}
      stylesheet="account/account_page.css"
      words={["form", "sheet"]}
      modules={["room/room_settings.js", "room/invites.js", "room/room_sheet.js", "notifications/bell.js"]}
    >
      <header class="bar">
        <a class="icon-button" data-part="back" href="../" aria-label={words["rules.back"]}>
          <Icon name="back" />
        </a>
        <h1 class="bar__brand">{words["rules.title"]}</h1>
        <Actions page={page} />
      </header>
      <main class="account">
        <p class="account__who">
          <strong dir="auto">{title}</strong>
        </p>
        <form class="form" data-part="rules" data-room={room} method="post">
          <fieldset class="form__fields" disabled>
            <TextField
              label={words["rules.name"]}
              name="title"
              maxlength={64}
              placeholder={room}
              autocomplete="off"
            />
            <TextField
              label={words["rules.description"]}
              name="description"
              maxlength={500}
              autocomplete="off"
            />
            <Check name="listed" label={words["rules.listed"]} />
            <Check name="private" label={words["rules.private"]} />
            <NamesField
              label={words["rules.members"]}
              hint={words["rules.members_hint"]}
              name="members"
              rows={4}
            />
            <NamesField label={words["rules.hosts"]} hint={words["rules.hosts_hint"]} name="hosts" rows={2} />
            <Check name="read_only" label={words["rules.read_only"]} />
            <Check name="approval" label={words["rules.approval"]} />
            <TextField
              label={words["rules.slow_mode"]}
              name="slow_mode_seconds"
              type="number"
              min={0}
              max={MAX_SLOW_SECONDS}
              value="0"
            />
            <Field label={words["rules.blocked_words"]} hint={words["rules.blocked_words_hint"]}>
              <textarea class="form__input" name="blocked_words" rows={3} spellcheck={false}></textarea>
            </Field>
          </fieldset>
          <FormEnd submit={words["rules.save"]} confirms />
        </form>
        <p class="form__hint">{words["rules.delete_hint"]}</p>
        <RoomSheet page={page} room={room} />
        <Invites page={page} room={room} title={title} />
        <NoScript notice={words["account.needs_script"]} />
      </main>
    </Layout>
  );
}
