/** What the dashboard's scripts copy for each row of its lists. */
import { QuietButton } from "./parts/button.tsx";
import type { Markup, PageProps } from "./page.ts";

/** Columns of the table of isolates: figures, and their headings. */
export const ISOLATE_COLUMNS = [
  ["name", "admin.isolate"],
  ["online_users", "admin.online_users"],
  ["connections", "admin.connections"],
  ["rooms", "admin.rooms"],
  ["messages_per_second", "admin.messages_per_second"],
  ["rows", "admin.rows"],
  ["errors", "admin.errors"],
  ["memory_mb", "admin.memory_of_process"],
  ["uptime_seconds", "admin.uptime"],
] as const;

/** Templates of rows. */
export function AdminRows({ page }: PageProps): Markup {
  const { words } = page;
  return (
    <>
      <template data-template="isolate">
        <tr>
          <th scope="row" data-figure="name"></th>
          {ISOLATE_COLUMNS.slice(1).map(([figure]) => <td data-figure={figure}></td>)}
        </tr>
      </template>
      <template data-template="event">
        <li class="item" data-level="">
          <p class="item__name">
            <strong data-slot="type" dir="auto"></strong> <time data-slot="time"></time>
          </p>
          <p class="item__text" data-slot="text" dir="auto"></p>
        </li>
      </template>
      <template data-template="dead">
        <li class="item">
          <p class="item__name">
            <strong data-slot="room" dir="auto"></strong> <span data-slot="username" dir="auto"></span>{" "}
            <time data-slot="time"></time>
          </p>
          <p class="item__text" data-slot="message" dir="auto"></p>
          <p class="item__fact" data-slot="cause" dir="auto"></p>
          <p class="item__acts">
            <QuietButton data-act="retry">{words["admin.retry"]}</QuietButton>
          </p>
        </li>
      </template>
      <template data-template="room">
        <li class="item">
          <p class="item__name">
            <strong dir="auto">
              <a data-slot="title"></a>
            </strong>{" "}
            <span class="item__fact" data-slot="room" dir="auto"></span> <span data-slot="connections"></span>
            {" "}
            <span class="item__fact" data-slot="private"></span>
          </p>
          <p class="item__acts">
            <QuietButton data-act="members" aria-expanded="false">{words["admin.members"]}</QuietButton>
            <QuietButton data-act="close">{words["admin.close"]}</QuietButton>
            <QuietButton data-act="open">{words["admin.open"]}</QuietButton>
          </p>
          <ul class="board__list" data-slot="members" hidden></ul>
        </li>
      </template>
      <template data-template="member">
        <li class="item item--row">
          <p class="item__name">
            <span data-slot="name" dir="auto"></span> <span class="item__fact" data-slot="guest"></span>
          </p>
          <p class="item__acts">
            <QuietButton data-act="remove">{words["admin.remove_member"]}</QuietButton>
          </p>
        </li>
      </template>
      <template data-template="account">
        <li class="item item--row">
          <p class="item__name">
            <strong data-slot="display_name" dir="auto"></strong>{" "}
            <span class="item__fact" data-slot="username" dir="auto"></span>{" "}
            <span class="item__fact" data-slot="role"></span>
          </p>
          <p class="item__acts">
            <QuietButton data-act="promote">{words["admin.make_admin"]}</QuietButton>
            <QuietButton data-act="demote">{words["admin.make_user"]}</QuietButton>
            <QuietButton data-act="password">{words["admin.reset_password"]}</QuietButton>
            <QuietButton data-act="remove">{words["admin.remove_account"]}</QuietButton>
          </p>
        </li>
      </template>
      <template data-template="token">
        <li class="item item--row">
          <p class="item__name">
            <strong data-slot="name" dir="auto"></strong>{" "}
            <span class="item__fact" data-slot="owner" dir="auto"></span>{" "}
            <span class="item__fact" data-slot="used"></span>
          </p>
          <p class="item__acts">
            <QuietButton data-act="revoke">{words["admin.revoke"]}</QuietButton>
          </p>
        </li>
      </template>
    </>
  );
}
