/** The page of a document, as the people see it who write in it together. */
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, type Stage } from "../support/browser.ts";

browserTest(
  "Document shows two people who type Chinese at one place what both wrote, and each other's cursors",
  async (stage) => {
    const [ada, bo] = await pair(stage);
    await write(ada, "會議記錄");
    await reads(bo, "會議記錄");
    await bo.locator(".cm-content").press("Control+End");
    await Promise.all([write(ada, "今天天氣很好"), write(bo, "明天再討論")]);
    await bo.waitForFunction(() => document.querySelector(".cm-line")?.textContent?.includes("今天天氣很好"));
    await saved(ada);
    await saved(bo);
    const text = await textOf(ada);
    await reads(bo, text);
    assertEquals([...text].toSorted(), [..."會議記錄今天天氣很好明天再討論"].toSorted());
    await ada.locator(".remote-cursor__name", { hasText: "bo" }).waitFor();
    await bo.locator(".remote-cursor__name", { hasText: "ada" }).waitFor();
    await ada.getByRole("list", { name: "正在這裡的人" }).getByRole("img", { name: "bo" }).waitFor();
    await ada.locator(".cm-content").press("Control+z");
    await saved(ada);
    assert(!(await textOf(ada)).includes("今天天氣很好"));
    assert((await textOf(ada)).includes("明天再討論"));
  },
);

/** Two people at a new document. */
async function pair(stage: Stage): Promise<[Page, Page]> {
  await Promise.all([stage.account("ada"), stage.account("bo")]);
  const ada = await stage.signedIn("ada", "/docs/");
  await ada.getByLabel("標題").fill("週會");
  await ada.getByRole("button", { name: "建立" }).click();
  await ada.waitForURL(/\/docs\/\w{26}\/$/);
  const bo = await stage.signedIn("bo", new URL(ada.url()).pathname);
  await Promise.all([saved(ada), saved(bo)]);
  return [ada, bo];
}

async function write(page: Page, text: string): Promise<void> {
  await page.locator(".cm-content").focus();
  for (const character of text) await page.keyboard.insertText(character);
}

async function saved(page: Page): Promise<void> {
  await page.locator("[data-part=saved][data-state=saved]").waitFor();
}

async function reads(page: Page, text: string): Promise<void> {
  await page.waitForFunction(
    (text) => {
      const lines = [...document.querySelectorAll(".cm-line")].map((line) => {
        const copy = line.cloneNode(true) as HTMLElement;
        copy.querySelectorAll(".remote-cursor").forEach((cursor) => cursor.remove());
        return copy.textContent;
      });
      return lines.join("\n") === text;
    },
    text,
  );
}

/** The text as the service has it. */
async function textOf(page: Page): Promise<string> {
  const response = await page.request.get(`${page.url().replace("/docs/", "/api/documents/")}text`);
  return (await response.json()).text;
}
