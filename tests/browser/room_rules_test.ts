import { Buffer } from "node:buffer";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, bubble, connected, PASSWORD, send, signIn, toolbarOf } from "../support/browser.ts";

const DESK = { viewport: { width: 1280, height: 800 } };

browserTest("Whoever makes a room sees its settings and tools at once", async (stage) => {
  await stage.account("小安");
  const ada = await stage.signedIn("小安", `/chat/${encodeURIComponent("新聊天室")}/`, DESK);
  await connected(ada);
  await ada.getByRole("complementary").getByRole("link", { name: "聊天室設定" }).waitFor();
  await ada.getByText("這是你的聊天室").waitFor();
  await send(ada, "第一句");
  await toolbarOf(ada, "第一句").then((toolbar) => toolbar.getByRole("button", { name: "釘選" }).waitFor());
  const bo = await stage.member("新聊天室", "小柏", DESK);
  assertEquals(await bo.locator("[data-for=changer]:visible").count(), 0);
});

browserTest(
  "A room is made private in the lobby; its lock, its members and its title show, and who is added is told",
  async (stage) => {
    for (const name of ["ada", "小柏"]) await stage.account(name);
    await stage.say("taken", "hi");
    const bo = await stage.signedIn("小柏", "/help/", DESK);
    const ada = await stage.signedIn("ada", "/chat/", DESK);
    await ada.getByLabel("新的聊天室設為私人").check();
    await ada.getByLabel("聊天室").first().fill("taken");
    await ada.getByRole("button", { name: "進入" }).click();
    await ada.getByText("已經有同名的聊天室。").waitFor();
    await ada.getByLabel("聊天室").first().fill("店長");
    await ada.getByRole("button", { name: "進入" }).click();
    await connected(ada);
    const lock = ada.getByRole("heading", { level: 1 }).getByRole("img", { name: "私人聊天室" });
    await lock.waitFor();
    await ada.getByRole("complementary").getByRole("link", { name: "聊天室設定" }).click();
    await ada.getByLabel("標題").fill("店長會議");
    await ada.getByLabel("成員的帳號名稱").fill("小柏");
    await ada.getByRole("button", { name: "儲存" }).click();
    await ada.getByText("已儲存。").waitFor();
    await ada.getByRole("link", { name: "回到聊天室" }).click();
    await connected(ada);
    const members = ada.getByRole("region", { name: "成員" });
    await members.getByText("小柏").waitFor();
    assertEquals(await members.locator(".people__name").allInnerTexts(), ["ada", "小柏"]);
    // Members are offered behind a sign though they aren't here.
    const field = ada.getByRole("textbox");
    await field.pressSequentially("@");
    await ada.getByRole("option", { name: "小柏" }).waitFor();
    assertEquals(await ada.locator(".mentions").getByRole("option").count(), 1);
    await field.press("Enter");
    assertEquals(await field.inputValue(), "@小柏 ");
    await ada.getByRole("navigation", { name: "最近" }).getByText("店長會議").waitFor();
    await ada.getByRole("navigation", { name: "最近" }).getByRole("img", { name: "私人聊天室" }).waitFor();

    await bo.getByRole("button", { name: /^通知\s*1/ }).click();
    await bo.locator(".bell__row").getByText("你已加入聊天室「店長會議」").click();
    await connected(bo);
    await bo.getByRole("heading", { name: "店長會議" }).waitFor();
    await bo.goto(`${stage.url}/chat/`);
    const listed = bo.locator(".rooms__link");
    await listed.getByText("店長會議").waitFor();
    await listed.getByRole("img", { name: "私人聊天室" }).waitFor();
    // The lock goes with the privacy, on pages that are open too.
    await ada.evaluate(() =>
      fetch("/api/rooms/店長", {
        method: "PATCH",
        headers: { "content-type": "application/json" },
        body: '{"private":false,"title":"大家"}',
      })
    );
    await ada.getByRole("heading", { name: "大家" }).waitFor();
    await lock.waitFor({ state: "hidden" });
    await members.waitFor({ state: "hidden" });
    await ada.waitForFunction(() => document.title === "大家 · Talksheet");
  },
);

browserTest("A room that was closed and is opened again is entered again from the page", async (stage) => {
  await stage.account("root", "admin");
  await stage.account("小安");
  const root = await stage.signedIn("root", "/help/");
  const [bo, ada] = [await stage.member("lobby", "小柏"), await stage.signedIn("小安", "/chat/lobby/")];
  await connected(ada);
  await close(root, true);
  for (const page of [bo, ada]) {
    await page.getByText("這個聊天室已由管理員關閉。").waitFor();
    // Signing in opens nothing here.
    assertEquals(await page.locator(".connection").getByRole("link").filter({ visible: true }).count(), 0);
    const field = page.getByRole("textbox");
    assert(await field.isDisabled());
    assertEquals(await field.getAttribute("placeholder"), "現在無法傳送訊息");
    assertEquals(await field.evaluate((element) => getComputedStyle(element).borderStyle), "dashed");
    assert(await page.getByRole("button", { name: "傳送" }).isDisabled());
  }
  await bo.getByRole("button", { name: "再試一次" }).click();
  await bo.getByText("這個聊天室已由管理員關閉。").waitFor();
  await close(root, false);
  await bo.getByRole("button", { name: "再試一次" }).click();
  await connected(bo);
  await send(bo, "又開了");
  // Whoever comes back to the page finds it open.
  await ada.evaluate(() => void dispatchEvent(new Event("focus")));
  await connected(ada);
  await bubble(ada, "又開了").waitFor();
  assert(await ada.getByRole("textbox").isEnabled());
});

browserTest(
  "Whoever signs out in another tab leaves nothing on any page, and can go on as a guest or sign in",
  async (stage) => {
    await stage.account("小安");
    const ada = await stage.signedIn("小安", "/chat/lobby/");
    await connected(ada);
    await send(ada, "薪水是 42");
    await bubble(ada, "薪水是 42").and(ada.locator("[data-state=recorded]")).waitFor();
    await (await toolbarOf(ada, "薪水是 42")).getByRole("button", { name: "回覆" }).click();
    await ada.getByRole("textbox").fill("還沒送出");
    const file = { name: "成績.txt", mimeType: "text/plain", buffer: Buffer.from("100") };
    await ada.locator("[data-part=files]").setInputFiles(file);
    await ada.waitForFunction(() => JSON.stringify({ ...localStorage }).includes("成績"));
    const docs = await ada.context().newPage();
    await docs.goto(`${stage.url}/docs/`);
    const other = await ada.context().newPage();
    await other.goto(`${stage.url}/account/`);
    await other.getByRole("button", { name: "登出", exact: true }).click();
    await docs.locator(`meta[name=account][content=""]`).waitFor({ state: "attached" });
    await ada.getByText("你已經登出。").waitFor();
    assertEquals(/薪水|還沒送出|成績/.test(await ada.locator("html").innerHTML()), false);
    assertEquals(await ada.getByRole("textbox").inputValue(), "");
    const kept = await ada.evaluate(() => Object.entries(localStorage).join("\n"));
    assertEquals(/薪水|還沒送出|成績|lobby/.test(kept), false, kept);
    assert(await ada.getByRole("textbox").isDisabled());
    await ada.locator(".connection").getByRole("link", { name: "登入" }).waitFor();
    await ada.getByRole("button", { name: "以訪客身分繼續" }).click();
    await ada.getByRole("dialog").getByRole("textbox").fill("訪客小安");
    await ada.getByRole("dialog").getByRole("button", { name: "進入", exact: true }).click();
    await connected(ada);
    await send(ada, "我是訪客");
    await bubble(ada, "我是訪客").and(ada.locator("[data-state=recorded]")).waitFor();
  },
);

browserTest(
  "Whoever signs out of a private room is offered to sign in, and not to be a guest",
  async (stage) => {
    await stage.account("小安");
    const ada = await stage.signedIn("小安", "/chat/team/");
    await connected(ada);
    await ada.evaluate(() =>
      fetch("/api/rooms/team", {
        method: "PATCH",
        headers: { "content-type": "application/json" },
        body: '{"private":true}',
      })
    );
    await ada.locator("body[data-private=true]").waitFor();
    await send(ada, "只給成員");
    await bubble(ada, "只給成員").waitFor();
    const guest = await stage.person();
    await guest.goto(stage.room("team"));
    await guest.getByText("這是私人聊天室").waitFor();
    assertEquals(await guest.getByRole("dialog").count(), 0);
    await ada.evaluate(() => fetch("/api/session", { method: "DELETE" }));
    await ada.getByText("你已經登出。").waitFor();
    assertEquals(await ada.getByText("只給成員").count(), 0);
    assertEquals(await ada.getByRole("button", { name: "以訪客身分繼續" }).count(), 0);
    await ada.locator(".connection").getByRole("link", { name: "登入" }).click();
    await signIn(ada, "小安", PASSWORD);
    await connected(ada);
  },
);

browserTest(
  "A page says why a message waits that came too fast, for how long, and keeps it",
  async (stage) => {
    const ada = await stage.member("lobby", "小安");
    for (let i = 0; i < 13; i++) await send(ada, `第 ${i} 句`);
    await ada.getByText(/^一分鐘內傳了很多訊息，其餘的會在 \d+ 秒後自動送出。$/).waitFor();
    assertEquals(await ada.locator(".message[data-state=failed]").count(), 0);
    await bubble(ada, "第 12 句").and(ada.locator("[data-state=sending]")).waitFor();
  },
  { rateMessagesPerMinute: 12 },
);

browserTest(
  "A page above the limit of connections says what to do, and comes in when there is room",
  async (stage) => {
    const ada = await stage.member("lobby", "小安");
    const second = await ada.context().newPage();
    await second.goto(stage.room("other", "小安"));
    await second.getByText(/^你開了太多分頁或視窗，請關掉幾個。\d+ 秒後再試。$/).waitFor();
    await ada.close();
    // The service learns of the closed page a moment later: who tries before that is let in and put out again, and tries once more.
    await second.waitForFunction(() => {
      if (document.body.dataset.connection === "waiting") {
        document.querySelector<HTMLElement>("[data-part=now]")?.click();
      }
      return document.querySelector("[data-part=list][data-ready]") !== null;
    });
    await connected(second);
  },
  { maxConnectionsPerUser: 1 },
);

browserTest("A page above an address's limit of connections says so", async (stage) => {
  await stage.member("lobby", "小安");
  const bo = await stage.person();
  await bo.goto(stage.room("lobby", "小柏"));
  await bo.getByText(/^目前從你的網路連進來的人太多，\d+ 秒後再試。$/).waitFor();
}, { maxConnectionsPerIp: 1 });

/** Gives a room its title; runs in the page of an admin. */
const giveTitle = () =>
  fetch("/api/rooms/support-3f", {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: '{"title":"三樓客服"}',
  });

browserTest("A report has its room's title though its progress arrives before the list", async (stage) => {
  await stage.account("root", "admin");
  const root = await stage.signedIn("root", "/chat/support-3f/", DESK);
  await connected(root);
  await stage.say("support-3f", "一句話", "小安");
  await root.evaluate(giveTitle);
  await root.route("**/api/reports", () => {});
  await root.getByRole("complementary").getByRole("link", { name: "報表" }).click();
  await root.getByRole("button", { name: "開始製作" }).click();
  await root.getByRole("heading", { name: "三樓客服　對話紀錄" }).waitFor();
  await root.unrouteAll({ behavior: "ignoreErrors" });
});

browserTest(
  "Rooms are called by their titles in lists and reports, and a long nickname leaves the message its room",
  async (stage) => {
    await stage.account("root", "admin");
    const root = await stage.signedIn("root", "/chat/support-3f/", DESK);
    await connected(root);
    await stage.say("support-3f", "短短的話", "很長的暱稱".repeat(12));
    await root.evaluate(giveTitle);
    await root.getByRole("navigation", { name: "最近" }).getByText("三樓客服").waitFor();
    await root.goto(`${stage.url}/chat/`);
    await root.getByRole("link", { name: /三樓客服/ }).waitFor();
    for (const width of [1280, 320]) {
      await root.setViewportSize({ width, height: 700 });
      const text = root.locator(".rooms__what");
      await text.getByText("短短的話").waitFor();
      const [shown, needed] = await text.evaluate((element) => [element.clientWidth, element.scrollWidth]);
      assert(shown >= needed, `${width}: ${shown} of ${needed} px are shown`);
    }
    await root.setViewportSize(DESK.viewport);
    await root.goto(stage.room("support-3f"));
    await connected(root);
    await root.getByRole("complementary").getByRole("link", { name: "報表" }).click();
    await root.getByRole("button", { name: "開始製作" }).click();
    await root.getByRole("heading", { name: "三樓客服　對話紀錄" }).waitFor();
    // What was opened from the room leads back to it.
    await root.getByRole("link", { name: "回到聊天室", exact: true }).click();
    await connected(root);
    await root.goto(`${stage.url}/admin/#rooms`);
    await root.locator("summary", { hasText: "聊天室" }).click();
    await root.getByLabel("以名稱搜尋").fill("support");
    const row = root.locator("[data-part=rooms-list] > li");
    await row.getByRole("link", { name: "三樓客服" }).waitFor();
    await row.getByText("目前沒有人").waitFor();
    await root.getByRole("link", { name: "三樓客服" }).click();
    await connected(root);
  },
);

browserTest(
  "Documents, help and, for accounts, reports and the bell are reached from a room, on a phone too",
  async (stage) => {
    await stage.account("小安");
    const phone = { viewport: { width: 320, height: 568 } };
    const ada = await stage.signedIn("小安", "/chat/lobby/", phone);
    const bo = await stage.member("lobby", "小柏", phone);
    await connected(ada);
    await ada.getByRole("button", { name: "通知" }).waitFor();
    for (
      const [page, names] of [[ada, ["報表", "共用文件", "使用說明"]], [bo, [
        "共用文件",
        "使用說明",
      ]]] as const
    ) {
      for (const name of names) {
        await page.getByRole("button", { name: /人線上/ }).click();
        await page.getByRole("complementary").getByRole("link", { name }).click();
        await page.getByRole("heading", { level: 1, name }).waitFor();
        await page.getByRole("link", { name: "回到聊天室", exact: true }).click();
        await connected(page);
      }
    }
  },
);

browserTest(
  "Two people of one room whose names would have one colour have two, also after a reload",
  async (stage) => {
    const ada = await stage.member("lobby", "小安");
    const hue = (page: Page, text: string) =>
      bubble(page, text).locator(".message__avatar").evaluate((avatar) =>
        (avatar as HTMLElement).style.getPropertyValue("--hue")
      );
    // By their names alone these two are of one hue.
    await stage.say("lobby", "one", "guest 1");
    await stage.say("lobby", "two", "guest 29");
    await bubble(ada, "two").waitFor();
    const hues = [await hue(ada, "one"), await hue(ada, "two")];
    assertNotEquals(hues[0], hues[1]);
    await ada.reload();
    await connected(ada);
    assertEquals([await hue(ada, "one"), await hue(ada, "two")], hues);
  },
);

/** Closes the lobby, or opens it again. */
async function close(admin: Page, isClosed: boolean): Promise<void> {
  const status = await admin.evaluate(async (closed) => {
    const answer = await fetch("/api/rooms/lobby", {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ closed }),
    });
    return answer.status;
  }, isClosed);
  assertEquals(status, 200);
}
