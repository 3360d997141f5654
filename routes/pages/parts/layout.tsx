/** The frame of every page, and the icons in it. */
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { wordsBelow } from "../../translations.ts";
import type { Markup, PageProps } from "../page.ts";

/** What differs between the frames of two pages. Files are named by their paths from `static/`. */
export interface LayoutProps extends PageProps {
  readonly title: string;
  readonly description?: string;
  readonly stylesheet: string;
  /** A module that is loaded at once with all that it imports. */
  readonly preload?: string;
  /** Attributes of `<body>`. */
  readonly body?: Readonly<Record<string, string>>;
  /** Blocks of words for scripts: "form" for all keys that begin with `form.`. */
  readonly words?: readonly string[];
  /** Modules that run, in this order. */
  readonly modules: readonly string[];
  readonly children?: Child;
}

/** A page, without its `<!DOCTYPE html>`. */
export function Layout(
  { page, title, description, stylesheet, preload, body, words = [], modules, children }: LayoutProps,
): Markup {
  const preloads = preload === undefined ? [] : page.files.modulesOf(preload);
  return (
    <html lang={page.language} data-theme={page.theme} data-base={page.basePath}>
      <head>
        <meta charset="utf-8" />
        <meta
          name="viewport"
          content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
        />
        <meta name="color-scheme" content="light dark" />
        <meta name="account" content={page.accountId} />
        <meta name="theme-color" media="(prefers-color-scheme: light)" content="#ffffff" />
        <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#0e1116" />
        <link rel="manifest" href={page.at("/manifest.webmanifest")} crossorigin="use-credentials" />
        <link rel="apple-touch-icon" href={page.file("app/apple_180.png")} />
        <link rel="icon" href={page.file("favicon.svg")} type="image/svg+xml" />
        <link rel="stylesheet" href={page.file(stylesheet)} />
        {preloads.map((name) => <link rel="modulepreload" href={page.file(name)} />)}
        <title>{title} · {page.words["app.name"]}</title>
        {description && <meta name="description" content={description} />}
      </head>
      <body data-role={page.role} {...body}>
        {raw(page.files.text("icons.svg"))}
        {children}
        {words.map((block) => <WordBlock page={page} block={block} />)}
        {modules.map((name) => <script type="module" src={page.file(name)}></script>)}
      </body>
    </html>
  );
}

/** Words as JSON, which scripts find under `[data-words]`. */
function WordBlock({ page, block }: PageProps & { block: string }): Markup {
  const json = page.files.once(
    `block ${page.language} ${block}`,
    // `</script` would end the block that this stands in.
    () => JSON.stringify(wordsBelow(page.words, block)).replaceAll("<", "\\u003c"),
  );
  return <script type="application/json" data-words="">{raw(json)}</script>;
}

/** A symbol of `static/icons.svg`, `icon-` apart. It says nothing to screen readers: name what it stands in. */
export function Icon({ name, class: classes = "icon" }: { name: string; class?: string }): Markup {
  return (
    <svg class={classes} aria-hidden="true">
      <use href={`#icon-${name}`} />
    </svg>
  );
}

/** Says that a page needs scripts, where there are none. */
export function NoScript({ notice }: { notice: string }): Markup {
  return (
    <noscript>
      <p class="notice">{notice}</p>
    </noscript>
  );
}

/** A part of a page under its heading. */
export function Part({ id, title, children }: { id: string; title: string; children: Child }): Markup {
  return (
    <section class="account__part" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}
