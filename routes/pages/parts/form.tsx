/** Parts that forms share. */
import type { Child, JSX } from "hono/jsx";
import type { Markup } from "../page.ts";

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
