/** Buttons that scripts listen to. What isn't named here is an attribute of the `<button>`. */
import type { JSX } from "hono/jsx";
import type { Markup } from "../page.ts";
import { Icon } from "./layout.tsx";

type ButtonProps = JSX.IntrinsicElements["button"];

/** A button that shows an icon only. */
export function IconButton(
  { icon, label, ...button }: ButtonProps & { icon: string; label: string },
): Markup {
  return (
    <button class="icon-button" type="button" aria-label={label} {...button}>
      <Icon name={icon} />
    </button>
  );
}

/** A button that isn't the first thing to press. */
export function QuietButton({ children, ...button }: ButtonProps): Markup {
  return <button class="button button--quiet" type="button" {...button}>{children}</button>;
}
