/** Parts that forms share. */
import type { Child, JSX } from "hono/jsx";
import type { Markup, PageProps } from "../page.ts";

/** A field with its label, and a hint below it. */
export function Field(
  { label, hint, children }: { label: string; hint?: string; children: Child },
): Markup {
  return (
    <label class="form__field">
      <span class="form__label">{label}</span>
      {children}
      {hint && <span class="form__hint">{hint}</span>}
    </label>
  );
}

/** A box to tick. */
export function Check({ name, label }: { name: string; label: string }): Markup {
  return (
    <label class="form__check">
      <input type="checkbox" name={name} />
      <span>{label}</span>
    </label>
  );
}

/** A field of one line; what isn't its label or hint is an attribute of its `<input>`. */
export function TextField(
  { label, hint, ...input }: JSX.IntrinsicElements["input"] & { label: string; hint?: string },
): Markup {
  return (
    <Field label={label} hint={hint}>
      <input class="form__input" {...input} />
    </Field>
  );
}

/** A field for a password. */
export function PasswordField(props: Parameters<typeof TextField>[0]): Markup {
  return <TextField type="password" required maxlength={256} {...props} />;
}

/** The field for the name by which somebody signs in. */
export function UsernameField(props: Parameters<typeof TextField>[0]): Markup {
  return (
    <TextField
      name="username"
      required
      maxlength={64}
      autocomplete="username"
      autocapitalize="off"
      spellcheck={false}
      {...props}
    />
  );
}

/** The field for the name that others read. */
export function DisplayNameField(
  { page, ...props }: PageProps & Partial<Parameters<typeof TextField>[0]>,
): Markup {
  const { words } = page;
  return (
    <TextField
      label={words["account.display_name"]}
      hint={words["account.display_name_hint"]}
      name="display_name"
      maxlength={64}
      autocomplete="nickname"
      {...props}
    />
  );
}

/** The field for the nickname of a guest, who has to give one. */
export function NicknameField({ page, name }: PageProps & { name?: string }): Markup {
  const { words } = page;
  return (
    <TextField
      label={words["lobby.nickname"]}
      hint={words["room.nickname_hint"]}
      name={name}
      required
      maxlength={32}
      autocomplete="nickname"
      pattern=".*\S.*"
      placeholder={words["lobby.nickname_placeholder"]}
    />
  );
}

/** The field for the name of a room. */
export function RoomField(
  { page, ...props }: PageProps & Omit<Parameters<typeof TextField>[0], "label">,
): Markup {
  const { words } = page;
  return (
    <TextField
      label={words["lobby.room"]}
      name="room"
      required
      maxlength={64}
      pattern="[\p{L}\p{N}\p{M}_\-]{1,64}"
      title={words["lobby.room_rule"]}
      autocomplete="off"
      autocapitalize="off"
      spellcheck={false}
      {...props}
    />
  );
}

/** A field for names of accounts, one a line. */
export function NamesField(
  { label, hint, name, rows }: { label: string; hint: string; name: string; rows: number },
): Markup {
  return (
    <Field label={label} hint={hint}>
      <textarea class="form__input" name={name} rows={rows} autocapitalize="off" spellcheck={false}>
      </textarea>
    </Field>
  );
}

/** The end of a form that a script sends; the button waits for the script. `confirms`: the script says in it what was done. */
export function FormEnd({ submit, confirms = false }: { submit: string; confirms?: boolean }): Markup {
  return (
    <>
      <p class="form__error" data-part="error" role="alert"></p>
      {confirms && <p class="form__done" data-part="done" role="status"></p>}
      <button class="button" type="submit" disabled>{submit}</button>
    </>
  );
}
