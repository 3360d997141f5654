/** What makes the pages an app that can be installed: manifest, service worker, and the page for offline. */
import { type Context, Hono } from "hono";
import { siteOf } from "./base_path.ts";
import type { Markup, PageProps } from "./page.ts";
import type { PageView } from "./page_view.ts";
import { Layout } from "./parts/layout.tsx";
import type { FileSet, StaticFiles } from "./static_files.ts";
import { wordsIn } from "../translations.ts";

const OFFLINE_STYLE = "shared/styles/text_page.css";

/** The routes of the app. */
export function appPages({ files, view }: { files: StaticFiles; view: PageView }): Hono {
  return new Hono()
    .get("/manifest.webmanifest", async (c) => {
      const set = await files.now();
      return c.body(JSON.stringify(manifest(c, set)), 200, {
        "content-type": "application/manifest+json",
        "cache-control": "no-cache",
      });
    })
    .get("/service_worker.js", async (c) => {
      const set = await files.now();
      const { basePath } = siteOf(c);
      const app = { version: set.version, base: basePath, offline: `${basePath}/offline/` };
      return c.body(`self.APP = ${JSON.stringify(app)};\n${set.text("app/service_worker.js")}`, 200, {
        "content-type": "text/javascript; charset=utf-8",
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
      });
    })
    .get("/offline/", (c) => view.show(c, OfflinePage, {}));
}

function manifest(c: Context, set: FileSet): object {
  const { basePath } = siteOf(c);
  const icon = (name: string, sizes: string, purpose: "any" | "maskable"): object => ({
    src: `${basePath}/static/${set.version}/app/${name}.png`,
    sizes,
    type: "image/png",
    purpose,
  });
  const name = wordsIn(set, "en")["app.name"];
  return {
    id: `${basePath}/chat/`,
    name,
    short_name: name,
    start_url: `${basePath}/chat/`,
    scope: `${basePath}/`,
    display: "standalone",
    background_color: "#ffffff",
    theme_color: "#2563eb",
    icons: [
      icon("icon_192", "192x192", "any"),
      icon("icon_512", "512x512", "any"),
      icon("maskable_512", "512x512", "maskable"),
    ],
  };
}

function OfflinePage({ page }: PageProps): Markup {
  const { words } = page;
  return (
    <Layout page={page} title={words["offline.title"]} stylesheet={OFFLINE_STYLE} modules={[]}>
      <main class="help help--message">
        <h1>{words["offline.title"]}</h1>
        <p>{words["offline.text"]}</p>
        <a class="button" href="">{words["offline.again"]}</a>
      </main>
    </Layout>
  );
}
