import type { Markup } from "../page.ts";

/** What scripts copy for a person in a list of people. */
export function PersonRow(): Markup {
  return (
    <template data-template="person">
      <li class="people__row">
        <span class="avatar" data-part="avatar" aria-hidden="true"></span>
        <span class="people__name" data-part="name" dir="auto"></span>
        <span class="people__remark" data-part="remark"></span>
      </li>
    </template>
  );
}
