import { Actions } from "./parts/header.tsx";
import { Layout } from "./parts/layout.tsx";
import type { Markup, PageProps } from "./page.ts";

/** Why there is no page; each has a title and a text among the words. */
export const OBSTACLES = [
  "bad_room",
  "forbidden",
  "not_found",
  "too_fast",
  "invite",
  "link",
  "invite_ended",
  "invite_used_up",
] as const;

/** One of {@link OBSTACLES}. */
export type Obstacle = typeof OBSTACLES[number];

/** Says why there is no other page. */
export function MessagePage({ page, about }: PageProps & { about: Obstacle }): Markup {
  const { words } = page;
  const title = words[`${about}.title` as const];
  return (
    <Layout
      page={page}
      title={title}
      stylesheet="shared/styles/text_page.css"
      modules={["shared/page.js", "notifications/bell.js"]}
    >
      <header class="bar">
        <p class="bar__brand">
          <img class="bar__mark" src={page.file("favicon.svg")} alt="" width="28" height="28" />
          {words["app.name"]}
        </p>
        <Actions page={page} />
      </header>
      <main class="help help--message">
        <h1>{title}</h1>
        <p>{words[`${about}.text` as const]}</p>
        <a class="button" href={page.at("/chat/")}>{words["message.back"]}</a>
      </main>
    </Layout>
  );
}
