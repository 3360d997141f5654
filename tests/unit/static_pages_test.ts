import { assert, assertEquals, assertThrows } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { answerTo } from "../../routes/errors.ts";
import { pages } from "../../routes/pages/pages.ts";
import { StaticFiles } from "../../routes/pages/static_files.ts";
import { everyPage, PAGES } from "../support/pages.ts";

const options = { ...PAGES, signup: "closed" } as const;
const app = pages(options);
const get = async (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  await app.request(path, { headers });
const languageOf = async (headers: Record<string, string>): Promise<string | null> =>
  (await get("/help/", headers)).headers.get("content-language");

Deno.test("pages() refuses options that can't be meant", () => {
  assertThrows(() => pages({ ...options, language: "fr" as "en" }), RangeError, "language is");
  assertThrows(() => pages({ ...options, maxMessageLength: -1 }), RangeError, "maxMessageLength is -1");
});

Deno.test("pages() speaks the chosen language, then an accepted one, then its own", async () => {
  assertEquals(await languageOf({ cookie: "language=en", "accept-language": "zh-TW" }), "en");
  assertEquals(await languageOf({ "accept-language": "fr, en;q=0.4, zh-TW;q=0.8" }), "zh-Hant");
  assertEquals(await languageOf({ "accept-language": "en-GB" }), "en");
  assertEquals(await languageOf({ "accept-language": "fr", cookie: "language=xx" }), "zh-Hant");
  assertEquals(await languageOf({}), "zh-Hant");
});

Deno.test("pages() remembers a language chosen by link and returns to the same place", async () => {
  const answer = await get("/chat/lobby/?username=ada&language=en");
  assertEquals([answer.status, answer.headers.get("location")], [302, "/chat/lobby/?username=ada"]);
  assertEquals(answer.headers.get("set-cookie"), "language=en; Max-Age=31536000; Path=/; SameSite=Lax");
});

Deno.test("pages() adds the slash that is missing and keeps the query", async () => {
  const places = await Promise.all(
    ["/", "/chat", "/chat/lobby?username=ada", "/help"].map((path) => get(path)),
  );
  const locations = places.map((answer) => answer.headers.get("location"));
  assertEquals(locations, ["/chat/", "/chat/", "/chat/lobby/?username=ada", "/help/"]);
});

Deno.test("pages() opens a room under its composed name", async () => {
  const answer = await get(`/chat/${encodeURIComponent("cafe\u0301")}/`);
  assert((await answer.text()).includes(`data-room="caf\u00e9"`));
});

for (const name of ["a b", "a/b", "<b>", "'", "a".repeat(65), "%", "%E0%A4%A"]) {
  Deno.test(`pages() refuses ${JSON.stringify(name)} as a room's name`, async () => {
    const path = name.startsWith("%E") ? name : encodeURIComponent(name);
    assertEquals((await get(`/chat/${path}/`)).status, 400);
  });
}

Deno.test("pages() sends the lobby's form into the room", async () => {
  const answer = await get(`/chat/?${new URLSearchParams({ room: " 聊天室 ", username: "ada & bo" })}`);
  assertEquals(answer.headers.get("location"), `/chat/${encodeURIComponent("聊天室")}/?username=ada+%26+bo`);
  assertEquals((await get("/chat/?room=a+b")).status, 400);
});

Deno.test("pages() lets nothing inline run and nobody frame a page", async () => {
  const policy = (await get("/chat/lobby/")).headers.get("content-security-policy") ?? "";
  assert(policy.includes("script-src 'self';") && policy.includes("frame-ancestors 'none'"));
  assert(!policy.includes("unsafe"));
});

Deno.test("pages() puts the theme into the page, and only a known one", async () => {
  const themes = await Promise.all(["dark", "light", `"><script>`].map(async (theme) => {
    const answer = await get("/help/", { cookie: `theme=${encodeURIComponent(theme)}` });
    return /data-theme="([^"]*)"/.exec(await answer.text())?.[1];
  }));
  assertEquals(themes, ["dark", "light", "system"]);
});

Deno.test("pages() serves files with their type, and nothing anew that hasn't changed", async () => {
  const first = await get("/static/room/room.js");
  assertEquals(first.headers.get("content-type"), "text/javascript; charset=utf-8");
  assertEquals(first.headers.get("cache-control"), "no-cache");
  await first.body?.cancel();
  const etag = first.headers.get("etag") ?? "";
  assertEquals((await get("/static/room/room.js", { "if-none-match": `"other", W/${etag}` })).status, 304);
});

Deno.test("pages() lets a browser keep the files of the present version for good, and of no other", async () => {
  const page = await (await get("/chat/lobby/")).text();
  const [, files] = /href="(\/static\/[0-9a-f]{24})\/room\/room_page\.css"/.exec(page) ?? [];
  for (
    const [path, kept] of [[files, "public, max-age=31536000, immutable"], [
      `/static/${"0".repeat(24)}`,
      "no-cache",
    ]]
  ) {
    const answer = await get(`${path}/room/room.js`);
    assertEquals([answer.status, answer.headers.get("cache-control")], [200, kept]);
    await answer.body?.cancel();
  }
});

Deno.test("pages() joins a page's stylesheets, those that are imported first coming first", async () => {
  const sheet = await (await get("/static/room/room_page.css")).text();
  assert(!sheet.includes("@import"));
  assert(sheet.indexOf("--page: ") < sheet.indexOf(".composer__field"));
});

for (
  const path of ["deno.json", "languages/en.json", "..%2fdeno.json", "%2e%2e/main.ts", "none.js"]
) {
  Deno.test(`pages() serves nothing at /static/${path}`, async () => {
    assertEquals((await get(`/static/${path}`)).status, 404);
  });
}

const STATIC = new URL("../../static/", import.meta.url);

/** A copy of static/ that goes with the test. */
async function copyOfStatic(
  write: (text: string) => string,
): Promise<{ directory: URL; names: string[] } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  const names: string[] = [];
  const copy = async (below: string): Promise<void> => {
    await Deno.mkdir(`${path}/${below}`, { recursive: true });
    for await (const { name, isDirectory } of Deno.readDir(new URL(below, STATIC))) {
      if (isDirectory) {
        if (name !== "built") await copy(`${below}${name}/`);
        continue;
      }
      // The folder's README is no part of any page.
      if (name.endsWith(".md")) continue;
      const [from, to] = [new URL(below + name, STATIC), `${path}/${below}${name}`];
      // Git and editors leave pictures alone.
      if (name.endsWith(".png")) await Deno.copyFile(from, to);
      else await Deno.writeTextFile(to, write(await Deno.readTextFile(from)));
      names.push(below + name);
    }
  };
  await copy("");
  const directory = new URL(`file://${path}/`);
  return { directory, names, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

for (const mark of ["", "\ufeff"]) {
  Deno.test(`A checkout with Windows' line ends ${mark && "and byte order marks "}has the same pages, stylesheets and words`, async () => {
    await using copy = await copyOfStatic((text) => mark + text.replaceAll("\n", "\r\n"));
    const [here, there] = await Promise.all([new StaticFiles().now(), new StaticFiles(copy.directory).now()]);
    assert(copy.names.length > 100);
    for (const name of copy.names) {
      assertEquals([name, there.text(name)], [name, here.text(name)]);
      if (name.endsWith(".js")) assertEquals(there.modulesOf(name), here.modulesOf(name));
      if (!name.endsWith(".css")) continue;
      assertEquals((await there.stylesheet(name))?.etag, (await here.stylesheet(name))?.etag);
    }
  });
}

Deno.test("Git checks files out with the line ends that they have in the repository, on Windows too", async () => {
  const attributes = await Deno.readTextFile(new URL("../../.gitattributes", import.meta.url));
  assert(/^\* text=auto eol=lf$/m.test(attributes), attributes);
  assert(/^\*\.png binary$/m.test(attributes), attributes);
});

Deno.test("StaticFiles sees within a second that a file was changed, made or deleted, and reads none before", async () => {
  using time = new FakeTime();
  await using copy = await copyOfStatic((text) => text);
  const files = new StaticFiles(copy.directory);
  const first = await files.now();
  await Deno.writeTextFile(new URL("help/help.css", copy.directory), "body {}\n");
  await Deno.remove(new URL("lobby/rooms.css", copy.directory));
  await Deno.writeTextFile(new URL("new.js", copy.directory), "export {};\n");
  assert(await files.now() === first);
  time.tick(1_000);
  const second = await files.now();
  assert(second.version !== first.version);
  assertEquals([second.text("help/help.css"), second.read("lobby/rooms.css")], ["body {}\n", undefined]);
  assert(second.read("new.js"));
  time.tick(1_000);
  assert(await files.now() === second);
});

Deno.test("pages() serves files in gzip to those who take it, and the same bytes to others", async () => {
  const plain = await get("/static/room/messages/messages.css");
  const zipped = await get("/static/room/messages/messages.css", { "accept-encoding": "br;q=1, gzip;q=0.5" });
  assertEquals([plain, zipped].map(({ headers }) => headers.get("content-encoding")), [null, "gzip"]);
  const unzipped = zipped.body?.pipeThrough(new DecompressionStream("gzip"));
  assertEquals(await new Response(unzipped).text(), await plain.text());
});

Deno.test("pages() tells those who open pages too fast to wait, and how long, in their language", async () => {
  const slow = pages({ ...options, waitOf: () => 1_500 });
  const answer = await slow.request("/chat/", { headers: { "accept-language": "en" } });
  assertEquals([answer.status, answer.headers.get("retry-after")], [429, "2"]);
  assert((await answer.text()).includes("Too many pages were opened"));
  const file = await slow.request("/static/room/room.js");
  assertEquals([file.status, await file.text().then(() => "")], [200, ""]);
});

Deno.test("pages() serves what was bundled, and names the command where nothing was", async () => {
  const charts = await get("/static/built/charts.js");
  await charts.body?.cancel();
  assertEquals([charts.status, charts.headers.get("content-type")], [200, "text/javascript; charset=utf-8"]);
  const app = pages(options).onError((error, c) => answerTo(error, c) ?? c.text("", 500));
  const missing = await app.request("/static/built/nothing.js");
  assertEquals(missing.status, 503);
  assertEquals((await missing.json()).code, "not_built");
});

Deno.test("pages() answers a browser that is lost, and leaves programs to others", async () => {
  const lost = await get("/nothing", { accept: "text/html" });
  assertEquals(lost.status, 404);
  assert((await lost.text()).includes("找不到這個頁面"));
  assertEquals(await (await get("/nothing", { accept: "application/json" })).text(), "404 Not Found");
});

Deno.test("Every form that a script sends waits for its script", async () => {
  const forms = (await everyPage("en")).flatMap(({ name, html }) =>
    Array.from(
      html.matchAll(/<form([^>]*)>.*?<\/form>/gs),
      ([form, attributes = ""]) => ({ name, form, attributes }),
    )
  );
  // Those that the browser sends by itself, and those that a script has to open first, needn't wait.
  const sent = forms.filter(({ attributes }) => !/action=|method="dialog"/.test(attributes));
  assert(sent.length > 7);
  const open = sent.filter(({ form }) => !/type="submit"[^>]* disabled/.test(form)).map(({ name }) => name);
  assertEquals(open, []);
});
