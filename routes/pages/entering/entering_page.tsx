/** The frame of the pages by which people enter: a narrow column, and a bar with nothing but the way back and settings. */
import type { Child } from "hono/jsx";
import type { Markup, PageProps } from "../page.ts";
import { IconLink, Settings } from "../parts/header.tsx";
import { Layout } from "../parts/layout.tsx";

/** A page by which people enter. */
export function EnteringPage(
  { page, title, module = "shared/page.js", back, signup, children }: PageProps & {
    title: string;
    /** The module that sends the page's form; a form without one is sent by the browser. */
    module?: string;
    /** Where the way back leads, if not to the list of rooms. */
    back?: { href: string; label: string };
    signup?: "open" | "closed";
    children: Child;
  },
): Markup {
  const { words } = page;
  const { href, label } = back ?? { href: page.at("/chat/"), label: words["room.back"] };
  return (
    <Layout
      page={page}
      title={title}
      stylesheet="account/account_page.css"
      words={module === "shared/page.js" ? [] : ["form"]}
      modules={[module, "notifications/bell.js"]}
    >
      <header class="bar">
        <IconLink href={href} label={label} icon="back" />
        <p class="bar__brand">{words["app.name"]}</p>
        <nav class="bar__actions">
          <Settings page={page} />
        </nav>
      </header>
      <main data-signup={signup} class="account">{children}</main>
    </Layout>
  );
}
