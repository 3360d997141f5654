/** The page of a document, as the people see it who write in it together. */
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, type Stage } from "../support/browser.ts";
import { violations } from "./violations.ts";

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
    await ada.getByRole("list", { name: "正在編輯的人" }).getByRole("img", { name: "bo" }).waitFor();
    await ada.locator(".cm-content").press("Control+z");
    await saved(ada);
    assert(!(await textOf(ada)).includes("今天天氣很好"));
    assert((await textOf(ada)).includes("明天再討論"));
    await ada.locator(".cm-content").press("Control+a");
    await ada.keyboard.press("Backspace");
    await write(ada, "會議：");
    await reads(bo, "會議：");
    // While somebody composes, others write beside it.
    const keys = await ada.context().newCDPSession(ada);
    await keys.send("Input.imeSetComposition", { text: "ㄐㄧㄣ", selectionStart: 3, selectionEnd: 3 });
    await bo.locator(".cm-content").press("Control+Home");
    await write(bo, "週會");
    await bo.locator(".cm-content").press("Control+End");
    await bo.keyboard.press("Enter");
    await write(bo, "第二行");
    await ada.locator(".cm-line", { hasText: "第二行" }).waitFor();
    await keys.send("Input.imeSetComposition", { text: "ㄐㄧㄣㄊㄧㄢ", selectionStart: 6, selectionEnd: 6 });
    await keys.send("Input.insertText", { text: "今天" });
    for (const page of [ada, bo]) await page.locator(".cm-line", { hasText: "今天" }).waitFor();
    await Promise.all([saved(ada), saved(bo)]);
    const composed = await textOf(ada);
    assertEquals(composed.replace("第二行", "").replace("\n", ""), "週會會議：今天");
    for (const page of [ada, bo]) await reads(page, composed);
  },
);

browserTest("Document is written on offline, outlives the tab, and is merged on return", async (stage) => {
  const [ada, bo] = await pair(stage);
  let isDead = false;
  await ada.routeWebSocket(/\/ws\/documents\//, (socket) => {
    if (isDead) socket.close();
    else socket.connectToServer();
  });
  await ada.reload();
  await saved(ada);
  await write(ada, "起點");
  await reads(bo, "起點");
  await saved(ada);
  isDead = true;
  await ada.context().setOffline(true);
  await ada.locator("[data-part=saved][data-state=offline]").waitFor();
  await ada.locator(".cm-content").press("Control+End");
  await write(ada, "，離線寫的");
  await bo.locator(".cm-content").press("Control+Home");
  await write(bo, "線上寫的，");
  await saved(bo);
  await ada.context().setOffline(false);
  await ada.reload();
  await reads(ada, "起點，離線寫的");
  isDead = false;
  await reads(ada, "線上寫的，起點，離線寫的");
  await reads(bo, "線上寫的，起點，離線寫的");
  await saved(ada);
  assertEquals(await textOf(bo), "線上寫的，起點，離線寫的");
});

browserTest("Document shows what it was, and becomes it again without losing what it is", async (stage) => {
  const [ada, bo] = await pair(stage);
  await write(ada, "早上的記錄");
  await reads(bo, "早上的記錄");
  await saved(ada);
  const now = Date.now;
  try {
    // The service runs in this process: ten minutes later.
    Date.now = () => now() + 11 * 60_000;
    await bo.locator(".cm-content").press("Control+a");
    await bo.keyboard.press("Backspace");
    await write(bo, "全部重寫");
    await saved(bo);
    await reads(ada, "全部重寫");
    await ada.getByRole("button", { name: "版本紀錄" }).click();
    await ada.getByRole("button", { name: /ada/ }).click();
    await ada.locator("[data-part=version-text]", { hasText: "早上的記錄" }).waitFor();
    await ada.getByRole("button", { name: "還原成這個版本" }).click();
    await reads(bo, "早上的記錄");
    await reads(ada, "早上的記錄");
    await ada.getByRole("button", { name: "版本紀錄" }).click();
    await ada.locator(".versions__row").nth(1).waitFor();
    await ada.locator(".versions__row").first().click();
    await ada.locator("[data-part=version-text]", { hasText: "全部重寫" }).waitFor();
  } finally {
    Date.now = now;
  }
});

browserTest(
  "Document can be read by guests, who see it change, and by everybody on a phone",
  async (stage) => {
    const [ada] = await pair(stage);
    await write(ada, "給大家看");
    await saved(ada);
    const guest = await stage.person({ viewport: { width: 320, height: 568 } });
    await guest.goto(ada.url());
    await guest.getByText("給大家看").waitFor();
    assertEquals(await guest.locator(".cm-content").count(), 0);
    await write(ada, "的文件");
    await guest.getByText("給大家看的文件").waitFor();
    const phone = await stage.signedIn("ada", new URL(ada.url()).pathname, {
      viewport: { width: 320, height: 568 },
    });
    await saved(phone);
    const list = await stage.person({ viewport: { width: 320, height: 568 } });
    await list.goto(`${stage.url}/docs/`);
    await list.getByRole("link", { name: /週會/ }).waitFor();
    for (const page of [guest, phone, list]) {
      assertEquals(await violations(page), [], page.url());
      assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    }
    await phone.getByRole("button", { name: "版本紀錄" }).click();
    await phone.getByText("還沒有版本").waitFor();
    assertEquals(await phone.getByRole("button", { name: "還原成這個版本" }).count(), 0);
    assertEquals(await violations(phone), [], "versions");
    // Signed out elsewhere, one can write no more.
    await ada.evaluate(() => fetch("/api/session", { method: "DELETE" }));
    await ada.getByRole("link", { name: "登入後即可編輯" }).waitFor();
    assertEquals(await ada.locator(".cm-content").getAttribute("aria-readonly"), "true");
  },
);

browserTest(
  "Document that grew full while somebody wrote offline lets them keep a copy, and go on without it",
  async (stage) => {
    const [ada, bo] = await pair(stage);
    await saved(ada);
    await ada.context().setOffline(true);
    await ada.locator("[data-part=saved][data-state=offline]").waitFor();
    await paste(ada, "離線".repeat(50_000));
    for (let i = 0; i < 6; i++) {
      await paste(bo, "滿".repeat(100_000));
      await saved(bo);
    }
    await ada.context().setOffline(false);
    await ada.getByText("文件已滿").waitFor();
    await ada.locator(".cm-content[aria-readonly=true]").waitFor();
    // What is to be kept can't be undone.
    await ada.locator(".cm-content").press("Control+z");
    const download = ada.waitForEvent("download");
    await ada.getByRole("button", { name: "下載目前的文字" }).click();
    const file = await download;
    assertEquals(file.suggestedFilename(), "週會.txt");
    assert((await Deno.readTextFile(await file.path())).includes("離線".repeat(50_000)));
    // A reload alone brings back what can't be saved.
    await ada.reload();
    await ada.getByText("文件已滿").waitFor();
    assertEquals(await violations(ada), []);
    ada.once("dialog", (dialog) => void dialog.accept());
    await ada.getByRole("button", { name: "捨棄未儲存的內容" }).click();
    await saved(ada);
    assertEquals(await textOf(ada), "滿".repeat(600_000));
    // Who deletes makes room.
    await ada.locator(".cm-content").press("Control+a");
    await ada.keyboard.press("Backspace");
    await paste(ada, "空".repeat(200_000));
    await saved(ada);
    assertEquals(await textOf(bo), "空".repeat(200_000));
  },
);

/** Two people at a new document. */
async function pair(stage: Stage): Promise<[Page, Page]> {
  await Promise.all([stage.account("ada"), stage.account("bo")]);
  const ada = await stage.signedIn("ada", "/docs/");
  await ada.getByLabel("標題", { exact: true }).fill("週會");
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

/** Inserts a long text at once. */
async function paste(page: Page, text: string): Promise<void> {
  await page.locator(".cm-content").focus();
  await page.keyboard.insertText(text);
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

browserTest("Document is made private, found, deleted and brought back on the pages", async (stage) => {
  await stage.account("ada");
  const ada = await stage.signedIn("ada", "/docs/");
  await ada.getByLabel("標題", { exact: true }).fill("薪資");
  await ada.getByLabel("私人文件").check();
  await ada.getByRole("button", { name: "建立" }).click();
  await ada.locator(".cm-placeholder").waitFor();
  await ada.getByRole("button", { name: "分享與刪除" }).click();
  await ada.getByLabel("可以開啟的人").fill("nobody");
  await ada.getByRole("button", { name: "儲存" }).click();
  await ada.getByText("沒有這個名稱的帳號：nobody").waitFor();
  assertEquals(await violations(ada), []);
  ada.on("dialog", (dialog) => dialog.accept());
  await ada.getByRole("button", { name: "刪除這份文件" }).click();
  await ada.getByText("還沒有文件。").waitFor();
  assertEquals(await violations(ada), []);
  await ada.getByRole("button", { name: "復原「薪資」" }).click();
  await ada.getByText("已復原「薪資」。").waitFor();
  await ada.getByLabel("搜尋標題").fill("薪");
  await ada.getByRole("link", { name: /薪資/ }).waitFor();
  await ada.getByLabel("搜尋標題").fill("沒有這個");
  await ada.getByText("沒有標題符合的文件。").waitFor();
});
