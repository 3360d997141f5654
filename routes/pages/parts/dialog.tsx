/** Dialogs that scripts open. */
import type { Child } from "hono/jsx";
import type { Markup, PageProps } from "../page.ts";
import { IconButton } from "./button.tsx";

/** A dialog under a heading, with a button that closes it; scripts find it by `part`. */
export function Dialog(
  { page, part, title, class: classes, children }: PageProps & {
    part: string;
    title: string;
    class: string;
    children: Child;
  },
): Markup {
  return (
    <dialog class={`dialog ${classes}`} data-part={part} aria-labelledby={`${part}-title`}>
      <form method="dialog" class="dialog__head">
        <h2 class="dialog__title" id={`${part}-title`}>{title}</h2>
        <IconButton icon="close" label={page.words["room.close"]} type="submit" />
      </form>
      {children}
    </dialog>
  );
}
