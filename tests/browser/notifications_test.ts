import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, bubble, connected, send, type Stage, TOKEN } from "../support/browser.ts";

/** The bell's button, once it shows this count; 0: none. */
async function rings(page: Page, count: number): Promise<void> {
  const name = count ? new RegExp(`^通知\\s*${count}\\s*則未讀$`) : /^通知$/;
  await page.getByRole("button", { name }).waitFor();
}

async function notify(stage: Stage, fields: Record<string, string>): Promise<void> {
  const response = await fetch(`${stage.url}/api/notifications`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify(fields),
  });
  assertEquals([response.status, await response.text().then(() => "")], [201, ""]);
}

browserTest(
  "The bell rings in both tabs of whoever is mentioned, leads to the message, and clears in both",
  async (stage) => {
    await stage.account("小安");
    await stage.account("小柏");
    const bo = await stage.signedIn("小柏", "/chat/team/");
    await connected(bo);
    const ada = await stage.signedIn("小安", "/chat/");
    const second = await ada.context().newPage();
    await second.goto(`${stage.url}/help/`);
    for (const tab of [ada, second]) await rings(tab, 0);
    const title = await ada.title();
    await send(bo, "@小安 你好，請看一下");
    for (const tab of [ada, second]) {
      await rings(tab, 1);
      assert((await tab.title()).startsWith("(1) "));
    }
    await ada.getByRole("button", { name: /^通知/ }).click();
    const panel = ada.getByRole("region", { name: "通知" });
    await panel.getByText("小柏 @ team").click();
    await ada.waitForURL(`${stage.url}/chat/team/`);
    await bubble(ada, "@小安 你好，請看一下").and(ada.locator("[data-goal]")).waitFor();
    for (const tab of [ada, second]) await rings(tab, 0);
    await ada.goto(`${stage.url}/chat/`);
    assertEquals(await ada.title(), title);
    // Guests have no bell, and nothing of it is loaded for them but what finds that out.
    const guest = await stage.person();
    const asked: string[] = [];
    guest.on("request", (request) => void asked.push(request.url()));
    await guest.goto(`${stage.url}/chat/`, { waitUntil: "networkidle" });
    assertEquals(await guest.getByRole("button", { name: "通知" }).count(), 0);
    assertEquals(asked.filter((url) => /notifications(?!\/bell\.js$)/.test(url)), []);
    // Who mentions isn't told.
    await rings(bo, 0);
  },
  {},
);

browserTest(
  "The panel shows what came, older ones on demand, and what is read in one tab is read in the other",
  async (stage) => {
    await stage.account("小安");
    for (let i = 1; i <= 35; i++) {
      await notify(stage, { user: "小安", title: `訂單 ${i}`, message: "<b>已出貨</b>", url: "/help/" });
    }
    const ada = await stage.signedIn("小安", "/chat/", { viewport: { width: 320, height: 640 } });
    const second = await ada.context().newPage();
    await second.goto(`${stage.url}/account/`);
    for (const tab of [ada, second]) {
      await rings(tab, 35);
      await tab.getByRole("button", { name: /^通知/ }).click();
      await tab.locator(".bell__row").nth(29).waitFor();
    }
    const panel = ada.getByRole("region", { name: "通知" });
    assertEquals(await panel.locator(".bell__message").first().innerText(), "<b>已出貨</b>");
    await panel.getByRole("button", { name: "更早的通知" }).click();
    await panel.getByText("訂單 1", { exact: true }).waitFor();
    assertEquals(await panel.locator(".bell__row").count(), 35);
    await panel.getByRole("button", { name: "標為已讀", exact: true }).first().click();
    await rings(ada, 34);
    await second.locator(".bell__row:not([data-unread])").getByText("訂單 35").waitFor();
    await notify(stage, { user: "小安", title: "新訂單", message: "剛到" });
    for (const tab of [ada, second]) await tab.locator(".bell__row").first().getByText("新訂單").waitFor();
    await second.getByRole("button", { name: "全部標為已讀" }).click();
    for (const tab of [ada, second]) {
      await rings(tab, 0);
      await tab.waitForFunction(() => !document.querySelector(".bell__row[data-unread]"));
    }
    assertEquals(await ada.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
    // By keyboard: Escape closes it, and the bell has the focus again.
    await ada.keyboard.press("Escape");
    await panel.waitFor({ state: "hidden" });
    assert(await ada.evaluate(() => document.activeElement?.classList.contains("bell__button")));
  },
);

browserTest(
  "The panel shows what came to whoever opened it before the page was done loading",
  async (stage) => {
    await stage.account("小安");
    await notify(stage, { user: "小安", title: "新訂單", message: "剛到" });
    const ada = await stage.signedIn("小安", "/help/");
    const opened = Promise.withResolvers<void>();
    await ada.route("**/bell_panel.js", async (route) => {
      await opened.promise;
      await route.continue();
    });
    await ada.reload({ waitUntil: "commit" });
    await ada.getByRole("button", { name: /^通知/ }).click();
    const panel = ada.getByRole("region", { name: "通知" });
    await panel.waitFor();
    opened.resolve();
    await panel.getByText("新訂單").waitFor();
  },
);

browserTest(
  "A mention is read when its message is seen, and a link in the room's own page goes there",
  async (stage) => {
    await stage.account("小安");
    const ada = await stage.signedIn("小安", "/chat/team/");
    await connected(ada);
    await stage.say("team", "@小安 看得到嗎", "小柏");
    await bubble(ada, "@小安 看得到嗎").waitFor();
    await rings(ada, 0);
    for (let i = 0; i < 40; i++) await stage.say("team", `第 ${i} 則`, "小柏");
    await bubble(ada, "第 39 則").waitFor();
    await ada.getByRole("button", { name: /^通知/ }).click();
    await ada.getByRole("region", { name: "通知" }).getByText("小柏 @ team").click();
    await bubble(ada, "@小安 看得到嗎").and(ada.locator("[data-goal]")).waitFor();
    await ada.getByRole("region", { name: "通知" }).waitFor({ state: "hidden" });
    assert(await isInView(ada, "@小安 看得到嗎"));
  },
);

browserTest(
  "A link to a message finds it a thousand messages back, and says when it is gone",
  async (stage) => {
    await stage.account("小安");
    await stage.say("team", "@小安 很久以前", "小柏");
    // At most so many connections of one address are kept.
    for (let begun = 0; begun < 1_000; begun += 100) {
      await Promise.all(
        Array.from({ length: 100 }, (_, i) => stage.say("team", `第 ${begun + i} 則`, "小柏")),
      );
    }
    const ada = await stage.signedIn("小安", "/chat/");
    await ada.getByRole("button", { name: /^通知/ }).click();
    await ada.getByRole("region", { name: "通知" }).getByText("小柏 @ team").click();
    await bubble(ada, "@小安 很久以前").and(ada.locator("[data-goal]")).waitFor({ timeout: 30_000 });
    assert(await isInView(ada, "@小安 很久以前"));
    assertEquals(new URL(ada.url()).search, "");
    await ada.goto(`${stage.url}/chat/team/?message=01ARZ3NDEKTSV4RRFFQ69G5FAV`);
    await ada.getByText("找不到這則訊息").waitFor({ timeout: 30_000 });
  },
);

browserTest(
  "The browser notifies of what comes while nobody looks, but not of what was read in another tab",
  async (stage) => {
    await stage.account("小安");
    const ada = await stage.signedIn("小安", "/chat/");
    await ada.context().addInitScript(() => {
      const shown: string[] = [];
      class Recorded {
        static permission = "default";
        static requestPermission(): Promise<string> {
          return Promise.resolve(Recorded.permission = "granted");
        }
        onclose: (() => void) | undefined;
        readonly #tag: string;
        constructor(title: string, { tag }: { tag: string }) {
          this.#tag = tag;
          shown.push(title);
        }
        close(): void {
          shown.push(`closed ${this.#tag.length}`);
          this.onclose?.();
        }
      }
      Object.assign(globalThis, { Notification: Recorded, shown });
    });
    await ada.reload();
    const second = await ada.context().newPage();
    await second.goto(`${stage.url}/help/`);
    const shown = () => ada.evaluate(() => (globalThis as unknown as { shown: string[] }).shown);
    // Nobody is asked before they ask for it.
    await ada.getByRole("button", { name: /^通知/ }).click();
    await ada.getByRole("button", { name: "開啟桌面通知" }).click();
    await ada.getByRole("button", { name: "開啟桌面通知" }).waitFor({ state: "hidden" });
    await notify(stage, { user: "小安", title: "看著", message: "m" });
    await rings(ada, 1);
    await ada.evaluate(() => Object.defineProperty(document, "hidden", { configurable: true, value: true }));
    await notify(stage, { user: "小安", title: "別處讀過", message: "m" });
    await rings(second, 2);
    await second.getByRole("button", { name: /^通知/ }).click();
    await second.getByRole("button", { name: "全部標為已讀" }).click();
    await rings(ada, 0);
    await notify(stage, { user: "小安", title: "沒人看", message: "m" });
    await ada.waitForFunction(() => (globalThis as unknown as { shown: string[] }).shown.length > 0);
    assertEquals(await shown(), ["沒人看"]);
    await second.getByRole("button", { name: "全部標為已讀" }).click();
    await ada.waitForFunction(() => (globalThis as unknown as { shown: string[] }).shown.length > 1);
    assertEquals(await shown(), ["沒人看", "closed 26"]);
  },
);

async function isInView(page: Page, text: string): Promise<boolean> {
  return await bubble(page, text).evaluate((row) => {
    const { top, bottom } = row.getBoundingClientRect();
    const list = row.closest("[data-part=list]")?.getBoundingClientRect();
    return list !== undefined && top >= list.top && bottom <= list.bottom;
  });
}
