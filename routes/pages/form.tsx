/** Parts that forms share. */
import type { Child, JSX } from "hono/jsx";
import type { Markup } from "./page.ts";

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
