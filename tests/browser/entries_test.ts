/** What is done to messages, as people do it: with a mouse, with keys alone, with a finger. */
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, bubble, connected, messages, send, type Stage, toolbarOf } from "../support/browser.ts";
import { Client } from "../support/client.ts";
import { violations } from "./violations.ts";

const DESK = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const WORDS = {
  "zh-TW": {
    reply: "回覆",
    thumb: "用 👍 回應",
    edited: /已編輯/,
    pressed: "👍 1：小安",
    gone: "訊息已刪除",
    remove: "刪除",
  },
  "en-US": {
    reply: "Reply",
    thumb: "React with 👍",
    edited: /^edited/,
    pressed: "👍 1: 小安",
    gone: "Message deleted",
    remove: "Delete",
  },
};

for (const locale of ["zh-TW", "en-US"] as const) {
  const words = WORDS[locale];
  browserTest(
    `Two people answer, react, edit and delete at a desk and on a phone, ${locale}`,
    async (stage) => {
      const ada = await stage.member("lobby", "小安", { locale, ...DESK });
      const bo = await stage.member("lobby", "小柏", { locale, ...PHONE });
      await sendByFinger(bo, "早安");
      const toolbar = await toolbarOf(ada, "早安");
      await toolbar.getByRole("button", { name: words.thumb }).click();
      await bo.getByRole("button", { name: words.pressed }).waitFor();
      await (await toolbarOf(ada, "早安")).getByRole("button", { name: words.reply, exact: true }).click();
      await send(ada, "你早");
      await bo.locator(".message__quote", { hasText: "早安" }).waitFor();
      await ada.getByRole("textbox").press("ArrowUp");
      assertEquals(await ada.getByRole("textbox").inputValue(), "你早");
      await send(ada, "你早,大家早");
      await bubble(bo, "你早,大家早").getByText(words.edited).waitFor();

      const sheet = await longPress(bo, "早安");
      assertEquals(await sheet.getByRole("listitem").allInnerTexts(), ["👍 小安"]);
      bo.once("dialog", (dialog) => void dialog.accept());
      await sheet.getByRole("button", { name: words.remove }).tap();
      await bubble(ada, words.gone).first().waitFor();
      // Replies don't keep what was deleted.
      await ada.locator(".message__quote", { hasText: words.gone }).waitFor();
      assertEquals(await ada.getByText("早安", { exact: true }).count(), 0);
      await ada.reload();
      await connected(ada);
      assertEquals(await messages(ada), [words.gone, "你早,大家早"]);
      await ada.locator("[data-state=recorded]").last().waitFor();
      assertEquals((await changesOf(stage, 3)).sort(), ["deleted", `edited "你早`, "reacted 👍"].sort());
    },
  );
}

browserTest("All that can be done with a message is done by keys alone", async (stage) => {
  const ada = await stage.member("lobby", "ada", {
    ...DESK,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await stage.say("lobby", "one", "bo");
  await stage.say("lobby", "two", "bo");
  await bubble(ada, "two").waitFor();
  await ada.locator("[data-actions]").waitFor();
  const press = async (...keys: string[]) => {
    for (const key of keys) await ada.keyboard.press(key);
  };
  const focused = () => ada.evaluate(() => document.activeElement?.ariaLabel);
  await ada.getByRole("log").focus();
  await press("ArrowUp", "Tab");
  assertEquals(await focused(), "用 👍 回應");
  await press("ArrowRight", "Enter");
  const chip = bubble(ada, "two").locator(".message__reaction", { hasText: "❤️" });
  await chip.waitFor();
  // Escape goes to the message; Tab from there to the toolbar, and on to the reaction.
  await press("Escape", "Tab", "Tab");
  assertEquals(await focused(), "❤️ 1：ada");
  // The focus stays on a reaction while others react.
  await using cy = await Client.enter(stage.url, "lobby", "?username=cy");
  const { id } = cy.all("history")[0].messages[1];
  for (const emoji of ["👍", "❤️"]) {
    cy.send({ type: "react", id, emoji, on: true, client_id: emoji });
    await cy.next("ack");
  }
  await chip.and(ada.locator("[aria-label*=cy]")).waitFor();
  assert((await focused())?.startsWith("❤️ 2：ada"));
  cy.send({ type: "react", id, emoji: "❤️", on: false, client_id: "off" });
  await chip.and(ada.locator("[aria-label='❤️ 1：ada']")).waitFor();
  await press("Enter");
  await chip.waitFor({ state: "detached" });
  await press("Tab", "End");
  assertEquals(await focused(), "複製連結");
  await press("Enter");
  await ada.getByText("已複製").waitFor({ state: "attached" });
  assert((await ada.evaluate(() => navigator.clipboard.readText())).includes("/chat/lobby/?message="));
  await press("Escape", "ArrowUp", "Tab", "End", "ArrowLeft", "ArrowLeft");
  assertEquals(await focused(), "回覆");
  await press("Enter");
  await ada.getByText("回覆 bo：").waitFor();
  await ada.keyboard.type("to one");
  await press("Enter");
  await bubble(ada, "to one").locator(".message__quote", { hasText: "one" }).waitFor();
  await press("Escape", "?");
  assertEquals(
    await ada.getByRole("textbox").inputValue(),
    "?",
    "a question mark is written where one writes",
  );
  await ada.getByRole("log").focus();
  await press("?");
  await ada.getByRole("dialog", { name: "鍵盤快速鍵" }).waitFor();
});

browserTest(
  "Up edits the last own message, and Escape leaves that with the draft as it was",
  async (stage) => {
    const ada = await stage.member("lobby", "ada");
    const field = ada.getByRole("textbox");
    await send(ada, "mine");
    await bubble(ada, "mine").and(ada.locator("[data-id]")).waitFor();
    await ada.locator("[data-actions]").waitFor();
    await field.press("ArrowUp");
    assertEquals(await field.inputValue(), "mine");
    await field.fill("mine, half changed");
    await ada.reload();
    await connected(ada);
    assertEquals(await field.inputValue(), "mine, half changed");
    await ada.getByText("編輯自己的訊息：").waitFor();
    await field.press("Escape");
    assertEquals(await field.inputValue(), "");
    await field.fill("a draft");
    await ada.locator("[data-actions]").waitFor();
    await (await toolbarOf(ada, "mine")).getByRole("button", { name: "編輯" }).click();
    await field.fill("mine, changed");
    await field.press("Enter");
    await bubble(ada, "mine, changed").waitFor();
    assertEquals(await field.inputValue(), "a draft");
    assertEquals(await messages(ada), ["mine, changed"]);
  },
);

browserTest("What is changed offline is shown at once, and goes out once on return", async (stage) => {
  const ada = await stage.member("lobby", "ada", DESK);
  const bo = await stage.member("lobby", "bo", DESK);
  await send(ada, "typo");
  await send(bo, "from bo");
  await bubble(ada, "from bo").waitFor();
  await ada.locator("[data-actions]").waitFor();
  await ada.context().setOffline(true);
  await (await toolbarOf(ada, "typo")).getByRole("button", { name: "編輯" }).click();
  await send(ada, "mended");
  await (await toolbarOf(ada, "from bo")).getByRole("button", { name: "用 👍 回應" }).click();
  await bubble(ada, "mended").and(ada.locator("[data-state=sending]")).waitFor();
  await ada.getByRole("button", { name: "👍 1：你" }).waitFor();
  assertEquals(await messages(bo), ["typo", "from bo"]);
  // The tab crashes, and is opened anew later.
  const context = ada.context();
  await ada.close();
  await context.setOffline(false);
  const again = await context.newPage();
  await again.goto(stage.room("lobby", "ada"));
  await bubble(bo, "mended").waitFor();
  await bo.getByRole("button", { name: "👍 1：ada" }).waitFor();
  await again.getByRole("button", { name: "👍 1：ada" }).waitFor();
  assertEquals(await changesOf(stage, 2), ["edited mended", "reacted 👍"]);
});

browserTest("A change that is refused says why, and can be given up", async (stage) => {
  const ada = await stage.member("lobby", "ada", DESK);
  await send(ada, "mine");
  await bubble(ada, "mine").and(ada.locator("[data-id]")).waitFor();
  const context = ada.context();
  const other = await context.newPage();
  await other.goto(stage.room("lobby", "ada"));
  await connected(other);
  // One tab loses its line while the message is deleted in another.
  await ada.locator("[data-actions]").waitFor();
  let isCut = true;
  await ada.routeWebSocket(/\/ws\//, (socket) => void (isCut || socket.connectToServer()));
  await ada.evaluate(() => dispatchEvent(new Event("offline")));
  await (await toolbarOf(ada, "mine")).getByRole("button", { name: "編輯" }).click();
  await send(ada, "mine, changed");
  other.once("dialog", (dialog) => void dialog.accept());
  await (await toolbarOf(other, "mine")).getByRole("button", { name: "刪除" }).click();
  await bubble(other, "訊息已刪除").waitFor();
  isCut = false;
  await ada.reload();
  await connected(ada);
  await ada.getByText("這項修改沒有儲存。找不到這則訊息，可能已經移除。").waitFor();
  assertEquals(await messages(ada), ["訊息已刪除"]);
  await ada.getByRole("button", { name: "重新編輯" }).click();
  assertEquals(await ada.getByRole("textbox").inputValue(), "mine, changed");
  assertEquals(await ada.locator(".message__trouble").count(), 0);
});

browserTest("A quote leads to its message however far back, and a button leads back", async (stage) => {
  const ada = await stage.member("lobby", "ada", DESK);
  await stage.say("lobby", "long ago", "bo");
  await (await toolbarOf(ada, "long ago")).getByRole("button", { name: "回覆" }).click();
  for (let index = 0; index < 120; index++) await stage.say("lobby", `message ${index}`, "bo");
  await send(ada, "an answer");
  await bubble(ada, "an answer").and(ada.locator("[data-id]")).waitFor();
  await ada.reload();
  await connected(ada);
  assertEquals(await bubble(ada, "long ago").count(), 0);
  await bubble(ada, "an answer").getByRole("button", { name: /^bo： ?long ago$/ }).click();
  await ada.locator("[data-goal]", { hasText: "long ago" }).waitFor();
  await ada.getByRole("button", { name: "回到回覆" }).click();
  await ada.locator("[data-goal]", { hasText: "an answer" }).waitFor();
  assertEquals(await ada.getByRole("button", { name: "回到回覆" }).count(), 0);
});

browserTest(
  "What is pinned stands above the messages for everybody, and leads to its message",
  async (stage) => {
    await stage.account("ada");
    const ada = await stage.signedIn("ada", "/chat/team/", DESK);
    await connected(ada);
    await send(ada, "read this first");
    await bubble(ada, "read this first").and(ada.locator("[data-id]")).waitFor();
    await (await toolbarOf(ada, "read this first")).getByRole("button", { name: "釘選" }).click();
    await ada.getByText("1 則釘選").waitFor();
    const bo = await stage.member("team", "bo", DESK);
    await bo.getByText("1 則釘選").click();
    await bo.getByRole("button", { name: "ada：read this first" }).click();
    await bo.locator("[data-goal]", { hasText: "read this first" }).waitFor();
    assertEquals(
      await (await toolbarOf(bo, "read this first")).getByRole("button", { name: /釘選/ }).count(),
      0,
    );
    await (await toolbarOf(ada, "read this first")).getByRole("button", { name: "取消釘選" }).click();
    await bo.locator("[data-part=pins]").waitFor({ state: "hidden" });
  },
);

browserTest(
  "A name is completed behind @, accounts first, and never while an input method composes",
  async (stage) => {
    await stage.account("小安安");
    const an = await stage.signedIn("小安安", "/chat/lobby/", DESK);
    await connected(an);
    await stage.member("lobby", "小安");
    const bo = await stage.member("lobby", "bo", DESK);
    await bo.getByText("3 人線上").waitFor();
    const field = bo.getByRole("textbox");
    await field.pressSequentially("你好@小");
    assertEquals(await bo.getByRole("option").locator("bdi").allInnerTexts(), ["小安安", "小安"]);
    await field.dispatchEvent("keydown", { key: "Enter", isComposing: true });
    assertEquals(await bo.getByRole("option").count(), 2);
    await field.press("ArrowDown");
    await field.press("Enter");
    assertEquals(await field.inputValue(), "你好@小安 ");
    await field.pressSequentially("@");
    await bo.getByRole("option").first().waitFor();
    await field.press("Escape");
    assertEquals(await bo.getByRole("option").count(), 0);
    await field.fill("");
    await field.pressSequentially("bo@");
    assertEquals(await bo.getByRole("option").count(), 0, "an e-mail address");
    assertEquals(await messages(bo), []);
  },
);

browserTest("Any emoji is found by a word of the page's language and taken by a finger", async (stage) => {
  const bo = await stage.member("lobby", "bo", PHONE);
  await stage.say("lobby", "喵", "ada");
  await bubble(bo, "喵").waitFor();
  const sheet = await longPress(bo, "喵");
  await sheet.getByRole("button", { name: "更多表情符號" }).tap();
  await bo.getByRole("searchbox").fill("貓頭鷹");
  await bo.locator(".picker__emoji", { hasText: "🦉" }).waitFor();
  assertEquals(await bo.locator(".picker__emoji").count(), 1);
  await bo.locator(".picker__emoji").tap();
  await bo.getByRole("button", { name: "🦉 1：bo" }).waitFor();
});

browserTest("Backticks make code, and nothing else is markup", async (stage) => {
  const ada = await stage.member("lobby", "ada", DESK);
  await stage.say("lobby", "run `npm i` now\n```ts\nconst a = `x`;\n```\n<b>*no*</b> ` alone", "bo");
  const row = ada.locator(".message").first();
  await row.waitFor();
  assertEquals(await row.locator("code").allInnerTexts(), ["npm i", "const a = `x`;"]);
  assertEquals(
    await row.locator("code").evaluateAll((codes) =>
      codes.every((code) => getComputedStyle(code).fontFamily.includes("monospace"))
    ),
    true,
  );
  await row.getByText("<b>*no*</b> ` alone").waitFor();
});

browserTest("axe finds nothing in what opens for a message", async (stage) => {
  await stage.account("ada");
  const ada = await stage.signedIn("ada", "/chat/team/", DESK);
  await connected(ada);
  await send(ada, "first");
  await bubble(ada, "first").and(ada.locator("[data-id]")).waitFor();
  await (await toolbarOf(ada, "first")).getByRole("button", { name: "用 👍 回應" }).click();
  await (await toolbarOf(ada, "first")).getByRole("button", { name: "釘選" }).click();
  await ada.getByText("1 則釘選").click();
  await (await toolbarOf(ada, "first")).getByRole("button", { name: "回覆" }).click();
  await send(ada, "`code` and @ada");
  await (await toolbarOf(ada, "first")).getByRole("button", { name: "編輯" }).click();
  await toolbarOf(ada, "first");
  assertEquals(await violations(ada), [], "a toolbar, pins, a quote, an edit");
  await ada.getByRole("log").focus();
  await ada.keyboard.press("?");
  assertEquals(await violations(ada), [], "the shortcuts");
  const bo = await stage.member("team", "bo", PHONE);
  const sheet = await longPress(bo, "first");
  assertEquals(await violations(bo), [], "the sheet");
  await sheet.getByRole("button", { name: "更多表情符號" }).tap();
  await bo.locator(".picker__emoji").first().waitFor();
  assertEquals(await violations(bo), [], "the picker");
});

browserTest(
  "Right-to-left words stand as they are read, in bubbles, names and system lines",
  async (stage) => {
    const ada = await stage.member("lobby", "ada", DESK);
    const dana = await stage.member("lobby", "דנה", DESK);
    await ada.getByText("\u2068דנה\u2069加入").waitFor();
    await send(dana, "שלום עולם!");
    const body = ada.locator(".message__body", { hasText: "שלום" });
    await body.waitFor();
    assertEquals(await body.evaluate((element) => getComputedStyle(element).direction), "rtl");
    await dana.getByRole("textbox").fill("שלום");
    const direction = (element: Element) => getComputedStyle(element).direction;
    assertEquals(await dana.getByRole("textbox").evaluate(direction), "rtl");
  },
);

/** Rests a finger on a message until its sheet opens. */
async function longPress(page: Page, text: string): Promise<ReturnType<Page["locator"]>> {
  await page.locator("[data-actions]").waitFor();
  const box = await bubble(page, text).locator(".message__body").boundingBox();
  assert(box);
  const tools = await page.context().newCDPSession(page);
  const touchPoints = [{ x: box.x + box.width / 2, y: box.y + box.height / 2 }];
  await tools.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints });
  const sheet = page.locator("dialog.sheet[open]");
  await sheet.waitFor();
  await tools.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  return sheet;
}

async function sendByFinger(page: Page, text: string): Promise<void> {
  await page.getByRole("textbox").fill(text);
  await page.getByRole("button", { name: /^(傳送|Send)$/ }).tap();
  await bubble(page, text).and(page.locator("[data-id]")).waitFor();
}

/** The rows of changes, as soon as there are this many. */
async function changesOf(stage: Stage, count: number): Promise<string[]> {
  for (;;) {
    const changes = await stage.changes().catch(() => []);
    if (changes.length >= count) return changes;
  }
}

browserTest(
  "A message that is pointed at while it is on its way can be acted on as soon as it is stored",
  async (stage) => {
    const ada = await stage.member("lobby", "小安");
    await ada.locator("[data-actions]").waitFor();
    await ada.context().setOffline(true);
    await ada.locator("[data-part=connection]:visible").waitFor();
    await send(ada, "等一下");
    await bubble(ada, "等一下").hover();
    await ada.context().setOffline(false);
    await bubble(ada, "等一下").getByRole("toolbar").getByRole("button", { name: "回覆" }).waitFor();
  },
);
