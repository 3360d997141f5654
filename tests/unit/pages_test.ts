/** Promises that every page keeps, in both languages. */
import { assert, assertEquals } from "@std/assert";
import { everyPage, NASTY, type RenderedPage } from "../support/pages.ts";

const VOID = new Set(["meta", "link", "input", "img", "path", "circle"]);
const TAG = /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z][\w:-]*(?:="[^"<>]*")?|\s+viewBox="[^"]*")*)\s*(\/?)>/g;
const found = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, part]) => part);

/** The page's elements in order. Throws for a tag that isn't closed, or isn't one. */
function elementsOf({ name, html }: RenderedPage): string[] {
  const open: string[] = [];
  const elements: string[] = [];
  // What scripts hold is no markup.
  const markup = html.replace("<!DOCTYPE html>", "").replace(/(<script[^>]*>)[^<]*/g, "$1");
  for (const [tag, isEnd, element = "", attributes = "", isClosed] of markup.matchAll(TAG)) {
    if (isEnd) {
      assertEquals([name, tag], [name, `</${open.pop()}>`]);
      continue;
    }
    const names = found(attributes, /\s([a-z][\w:-]*)(?:="[^"]*")?/gi);
    assertEquals([name, tag, new Set(names).size], [name, tag, names.length]);
    elements.push(element);
    if (!VOID.has(element) && !isClosed) open.push(element);
  }
  assertEquals([name, open], [name, []]);
  assertEquals([name, found(markup.replace(TAG, ""), /([<>])/g)], [name, []]);
  return elements;
}

for (const language of ["en", "zh-Hant"] as const) {
  const rendered = await everyPage(language);

  Deno.test(`Every page is well-formed in ${language}, and its ids are its own`, () => {
    for (const page of rendered) {
      assert(page.html.startsWith("<!DOCTYPE html><html lang="), page.name);
      assertEquals([page.name, elementsOf(page).slice(0, 2)], [page.name, ["html", "head"]]);
      const ids = found(page.html, / id="([^"]+)"/g);
      assertEquals([page.name, ids.filter((id, i) => ids.indexOf(id) !== i)], [page.name, []]);
      const named = found(page.html, / (?:aria-labelledby|aria-controls|popovertarget)="([^"]+)"/g);
      assertEquals([page.name, named.filter((id) => !ids.includes(id))], [page.name, []]);
    }
  });

  Deno.test(`Every page has all its words in ${language}, and shows what people chose as text`, () => {
    for (const { name, html } of rendered) {
      assertEquals([name, found(html, /(undefined|\[object)/g)], [name, []]);
      assertEquals([name, html.includes(NASTY), html.includes("<b>")], [name, false, false]);
      const empty = found(html, /<(?:h1|h2|title|dt|dd|option|label|li)>\s*<\/(\w+)>/g);
      assertEquals([name, empty], [name, []]);
      const unnamed = found(html, / ((?:aria-label|placeholder|title)="")/g);
      assertEquals([name, unnamed.filter((attribute) => attribute !== `title=""`)], [name, []]);
      for (const json of found(html, /<script type="application\/json" data-words="">([^<]*)</g)) {
        assert(Object.keys(JSON.parse(json)).length > 5, name);
      }
    }
  });
}

Deno.test("Every page has the same elements in both languages, and other words", async () => {
  const [english, chinese] = await Promise.all([everyPage("en"), everyPage("zh-Hant")]);
  assert(english.length > 15);
  english.forEach((page, i) => {
    const other = chinese[i];
    assert(other !== undefined);
    assertEquals([page.name, elementsOf(page)], [page.name, elementsOf(other)]);
    const [title, otherTitle] = [page, other].map(({ html }) => /<h1[^>]*>([^<]+)</.exec(html)?.[1]);
    if (title !== undefined && !/^(&lt;|Talksheet)/.test(title)) assert(title !== otherTitle, page.name);
    assert(!/[\u4e00-\u9fff]{4}/.test(page.html.replaceAll("中文", "")), page.name);
  });
});

Deno.test("Every address of the service in a page is below the path that the service stands at", async () => {
  for (const { name, html } of await everyPage("en", "/talk")) {
    const addresses = found(html, / (?:href|src|action)="(\/[^"]*)"/g);
    assert(addresses.length > 3, name);
    assertEquals([name, addresses.filter((address) => !address.startsWith("/talk/"))], [name, []]);
    assert(html.includes(`data-base="/talk"`), name);
  }
});

Deno.test("Every figure of the dashboard says what it counts, or in which unit", async () => {
  const page = (await everyPage("zh-Hant")).find(({ html }) => html.includes("data-figure"));
  const headings = found(page?.html ?? "", /<(?:dt|th scope="col"|figcaption)>([^<]*)</g);
  assert(headings.length > 20, `${headings.length} headings were found`);
  assertEquals(headings.filter((heading) => !/數$|名稱$|時間|（秒）|（MB）|（%）/.test(heading)), []);
});
