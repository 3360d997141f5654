/** Promises about the files below `static/` as they are written. */
import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "node:path";
import { OBSTACLES } from "../../routes/pages/message_page.tsx";
import { pages } from "../../routes/pages/pages.ts";
import { STATUS } from "../../routes/api/reports/report_view.ts";
import { everyPage, PAGES, type RenderedPage } from "../support/pages.ts";

const STATIC = new URL("../../static/", import.meta.url);
const read = (name: string): string => Deno.readTextFileSync(new URL(name, STATIC));
const names = pathsIn("").sort();
const ending = (extension: string): string[] => names.filter((name) => name.endsWith(extension));
const everything = (extension: string): string => ending(extension).map(read).join("\n");
const found = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, name, other]) => name ?? other);
/** The files that are written by hand, from `static/`. */
function pathsIn(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, STATIC))].flatMap(({ name, isDirectory }) => {
    if (!isDirectory) return [folder + name];
    return ["built", "bundles", "languages"].includes(name) ? [] : pathsIn(`${folder}${name}/`);
  });
}
/** A module and all that it needs, at once or later. */
function modulesOf(script: string): Set<string> {
  const modules = new Set([script]);
  for (const name of modules) {
    const imports = /^(?:import|\}).* from "(\.[\w./]+)"|import\("(\.[\w./]+)"\)/gm;
    for (const next of found(read(name), imports)) modules.add(join(dirname(name), next));
  }
  return modules;
}
const languages = ["zh-Hant", "en"].map((tag) => JSON.parse(read(`languages/${tag}.json`)));
const [chinese, english] = languages;
const rendered = await everyPage("en");
const page = (name: string): RenderedPage => {
  const found = rendered.find((page) => page.name === name);
  if (!found) throw new Error(`Cannot read the page: there is no ${name}`);
  return found;
};
const filesIn = ({ html }: RenderedPage, attribute: RegExp): string[] =>
  found(html, new RegExp(`${attribute.source}="/static/[0-9a-f]{24}/([\\w./]+)"`, "g"));
const MODULE = /<script type="module" src/;
const PRELOAD = /<link rel="modulepreload" href/;
const STYLESHEET = /<link rel="stylesheet" href/;
/** The components that pages are made of. */
const components = componentsIn(new URL("../../routes/pages/", import.meta.url));

function componentsIn(folder: URL): string {
  return [...Deno.readDirSync(folder)].map(({ name, isDirectory }) => {
    if (isDirectory) return componentsIn(new URL(`${name}/`, folder));
    return name.endsWith(".tsx") ? Deno.readTextFileSync(new URL(name, folder)) : "";
  }).join("\n");
}

Deno.test("Languages have the same keys, none empty", () => {
  assertEquals(Object.keys(english), Object.keys(chinese));
  for (const language of languages) assertEquals(Object.entries(language).filter(([, word]) => !word), []);
});

Deno.test("Languages fill the same places", () => {
  const places = (words: Record<string, string>, key: string) => new Set(found(words[key], /\{(\w+)\}/g));
  const differing = Object.keys(chinese).filter((key) =>
    places(chinese, key).symmetricDifference(places(english, key)).size > 0
  );
  assertEquals(differing, []);
});

Deno.test("Languages have every word that pages and scripts use, and no other", () => {
  const inPages = found(components, /"([a-z]+\.(?!svg")[\w.]+)"/g);
  const inScripts = Object.keys(chinese).filter((key) =>
    /^(live|form|board|sheet|report|docs)\./.test(key) &&
    everything(".js").includes(`"${key.replace(/^\w+\.|\.one$/g, "")}"`)
  );
  const said = found(everything(".js"), /\.say\(\s*"(\w+)"/g).map((key) =>
    ["form", "board", "sheet", "report", "docs", "live"].map((block) => `${block}.${key}`).find((key) =>
      key in chinese
    ) ?? key
  );
  const states = ["sending", "failed", "delivered", "recorded", "not_recorded"].map((state) =>
    `live.${state}`
  );
  const outcomes = Object.keys(STATUS).map((outcome) => `report.${outcome}`);
  const obstacles = OBSTACLES.flatMap((about) => [`${about}.title`, `${about}.text`]);
  const used = new Set([
    ...inPages,
    ...obstacles,
    ...inScripts,
    ...said,
    ...states,
    ...outcomes,
    "report.transcript",
    "report.activity",
    "notice.added_title",
    "notice.added_text",
  ]);
  assertEquals([...used].filter((key) => !(key in chinese)), []);
  assertEquals(Object.keys(chinese).filter((key) => !used.has(key.replace(/\.one$/, ""))), []);
});

Deno.test("The lobby preloads every module that lobby.js needs, and no other", () => {
  const preloaded = filesIn(page("lobby"), PRELOAD);
  assertEquals(preloaded.sort(), [...modulesOf("lobby/lobby.js")].sort());
});

Deno.test("The room's page loads one module, in which its bell is too", () => {
  assertEquals(filesIn(page("room"), MODULE), ["built/room.js"]);
  assertEquals(filesIn(page("room"), PRELOAD), ["built/room.js"]);
  assertEquals(found(read("bundles/room.js"), /import "\.\.\/([\w./]+)"/g), [
    "room/room.js",
    "notifications/bell.js",
  ]);
});

Deno.test("Pages take their files from one version, each exists, and each page has one stylesheet", () => {
  for (const { name, html } of rendered) {
    const versions = new Set(found(html, /"\/static\/([^/"]*)/g));
    assertEquals([name, versions.size], [name, 1]);
  }
  const files = rendered.flatMap((page) => filesIn(page, /(?:src|href)/));
  assertEquals(files.filter((name) => !names.includes(name) && !name.startsWith("built/")), []);
  assertEquals(rendered.filter((page) => filesIn(page, STYLESHEET).length !== 1).map(({ name }) => name), []);
});

Deno.test("Pages and scripts use icons and parts that exist", () => {
  const all = rendered.map(({ html }) => html).join("\n");
  const icons = new Set(found(read("icons.svg"), /id="([\w-]+)"/g));
  const used = found(all, /href="#(icon-[\w-]+)"/g);
  assert(used.length > 100);
  assertEquals(used.filter((icon) => !icons.has(icon)), []);
  const parts = new Set(found(all, /data-part="([\w-]+)"/g));
  const asked = found(everything(".js"), /(?:[# ]part\((?:row, )?"|data-part=)([\w-]+)/g);
  // Some are made by scripts.
  const made = new Set(found(everything(".js"), /\.dataset\.part = "([\w-]+)"/g));
  assertEquals(asked.filter((part) => !parts.has(part) && !made.has(part)), []);
});

Deno.test("Scripts name addresses of the service through at() alone, which knows the path that it stands below", () => {
  const named = /(?<!\w)(?:fetch|assign|replace)\(\s*["'`]\/|new URL\(\s*["'`]\/|\bhref = ["'`]\/|path=\/;/;
  assertEquals(ending(".js").filter((name) => named.test(read(name))), []);
});

Deno.test("Scripts never write markup", () => {
  const writers = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(|new Function/;
  assertEquals(ending(".js").filter((name) => writers.test(read(name))), []);
});

Deno.test("Pages hold no inline script, style or handler, which the security policy would block", () => {
  const inline = / style=| on\w+=|<style|<script(?! type="module" src=| type="application\/json")/;
  assertEquals(rendered.filter(({ html }) => inline.test(html)).map(({ name }) => name), []);
});

Deno.test("Stylesheets use no id, nothing !important and no physical direction", () => {
  const refused =
    /#[a-z][\w-]*[^;]*\{|!important|(?:margin|padding|border)-(?:left|right|top|bottom)|[^-](?:left|right|width|height):/;
  assertEquals(ending(".css").filter((name) => refused.test(read(name).replace(/@media[^{]*/g, ""))), []);
});

Deno.test("Stylesheets move things only for people who don't mind", () => {
  const agreed = /@media \(prefers-reduced-motion: no-preference\) \{.*?\n\}/gs;
  const moving = /^\s*(?:animation|transition|scroll-behavior)\b/m;
  assertEquals(ending(".css").filter((name) => moving.test(read(name).replace(agreed, ""))), []);
});

Deno.test("Stylesheets name colours in colors.css only", () => {
  const colour = /#[0-9a-f]{3,8}\b|rgb\(|oklch\(/;
  assertEquals(ending(".css").filter((name) => !name.endsWith("/colors.css") && colour.test(read(name))), []);
});

Deno.test("The room's page is under 60 KB as it is sent to whoever is signed in, the bell included", async () => {
  const account = { id: "1", username: "ada", displayName: "ada", role: "user", createdAt: "" } as const;
  const app = pages({
    ...PAGES,
    sheetName: "ChatLogs",
    retentionDays: 30,
    accountOf: () => Promise.resolve(account),
  });
  const headers = { "accept-encoding": "gzip" };
  const sentBytes = async (path: string): Promise<number> => {
    const { body, headers: sent } = await app.request(path, { headers });
    assertEquals([path, sent.get("content-encoding")], [path, "gzip"]);
    return (await new Response(body).arrayBuffer()).byteLength;
  };
  const files = ["room/room_page.css", "built/room.js"].map((name) => `/static/${name}`);
  const sizes = await Promise.all(["/chat/lobby/", ...files].map(sentBytes));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  assert(bytes < 60_000, `${bytes} bytes`);
});

Deno.test("Every page that shows who is signed in has the bell, and its stylesheet", () => {
  const withAccount = rendered.filter(({ html }) => html.includes(`href="#icon-account"`));
  assert(withAccount.length > 8);
  for (const page of withAccount) {
    const [stylesheet = ""] = filesIn(page, STYLESHEET);
    assert(page.html.includes(`data-part="bell"`), page.name);
    assert(filesIn(page, MODULE).some((name) => /(?:^built\/room|\/bell)\.js$/.test(name)), page.name);
    assert(read(stylesheet).includes('bell.css"'), stylesheet);
  }
});
