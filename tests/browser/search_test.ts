/** Finding what was said in a room. */
import { assertEquals } from "@std/assert";
import { browserTest, bubble, connected } from "../support/browser.ts";
import { violations } from "./violations.ts";

/** More than a page shows on both sides of one. */
const NOTES = 330;

browserTest("A word is found while it is typed, and a result leads to its message", async (stage) => {
  await stage.say("lobby", "颱風天停課", "小安");
  await stage.say("lobby", "明天正常上課", "bo");
  const ada = await stage.member("lobby", "ada");
  await ada.locator("[data-actions]").waitFor();
  await ada.keyboard.press("Control+k");
  const panel = ada.getByRole("dialog", { name: "搜尋聊天室" });
  await panel.getByRole("searchbox", { name: "訊息裡的文字" }).fill("課");
  await panel.getByText("找到 2 則").waitFor();
  assertEquals(await panel.locator("mark").allInnerTexts(), ["課", "課"]);
  await panel.getByRole("searchbox", { name: "訊息裡的文字" }).fill("停課");
  await panel.getByText("找到 1 則").waitFor();
  await ada.keyboard.press("ArrowDown");
  await ada.keyboard.press("Enter");
  await ada.locator("[data-goal]", { hasText: "颱風天停課" }).waitFor();
  assertEquals(await panel.count(), 0);
});

browserTest(
  "A result from long ago is shown in the list, which goes on from there in both directions up to the present",
  async (stage) => {
    for (let index = 0; index < NOTES; index++) {
      await stage.say(
        "lobby",
        `note ${index}`,
        index % 2 ? "bo" : "小安",
      );
    }
    const ada = await stage.member("lobby", "ada", { locale: "en-US" });
    await ada.locator("[data-actions]").waitFor();
    await ada.getByRole("log").focus();
    await ada.keyboard.press("/");
    const panel = ada.getByRole("dialog", { name: "Search this room" });
    const words = panel.getByRole("searchbox", { name: "Words in messages" });
    await words.fill("note");
    await panel.getByText("30 found, and more").waitFor();
    await panel.getByRole("button", { name: "Older results" }).click();
    await panel.getByText("60 found, and more").waitFor();
    await panel.getByLabel("By").fill("BO");
    await words.fill("ＮＯＴＥ 19");
    await panel.getByText("9 found").waitFor();
    assertEquals(await panel.getByRole("listitem").first().locator(".search__text").innerText(), "note 319");
    await panel.getByRole("listitem").filter({ hasText: /note 19$/ }).getByRole("button").click();
    // The list shows what was said on both sides of it, and what is said meanwhile waits below.
    await ada.locator("[data-goal]", { hasText: "note 19" }).waitFor();
    assertEquals(await panel.count(), 0);
    await stage.say("lobby", "said meanwhile", "小安");
    await ada.getByRole("button", { name: "New message" }).waitFor();
    const bodies = () => ada.locator(".message__body").allInnerTexts();
    assertEquals((await bodies()).slice(0, 11), Array.from({ length: 11 }, (_, index) => `note ${index}`));
    assertEquals((await bodies()).includes("said meanwhile"), false);
    // Scrolling down leads to it, without a gap.
    await ada.getByRole("log").evaluate(async (list) => {
      while (!list.textContent?.includes("said meanwhile")) {
        list.scrollTop = list.scrollHeight;
        await new Promise(requestAnimationFrame);
      }
    });
    assertEquals(await bodies(), [
      ...Array.from({ length: NOTES }, (_, index) => `note ${index}`),
      "said meanwhile",
    ]);
    await stage.say("lobby", "live again", "小安");
    await bubble(ada, "live again").waitFor();
    await ada.getByRole("button", { name: "Search this room" }).click();
    await panel.getByLabel("By").fill("");
    await words.fill("");
    const today = await ada.evaluate(() => new Date(Date.now() - 60_000).toLocaleDateString("sv"));
    await panel.getByLabel("From").fill(today);
    await panel.getByRole("button", { name: "Show what was said from that day on" }).click();
    await ada.locator("[data-goal]", { hasText: "note 0" }).waitFor();
  },
);

browserTest("The search fits a narrow phone, and axe finds nothing in it", async (stage) => {
  await stage.say("lobby", "very long ".repeat(30) + "https://example.com/" + "x".repeat(200), "bo");
  const ada = await stage.member("lobby", "ada", { viewport: { width: 320, height: 568 } });
  await ada.locator("[data-actions]").waitFor();
  await ada.getByRole("button", { name: "搜尋聊天室" }).click();
  const panel = ada.getByRole("dialog", { name: "搜尋聊天室" });
  await panel.getByRole("searchbox", { name: "訊息裡的文字" }).fill("long");
  await panel.getByText("找到 1 則").waitFor();
  assertEquals(await violations(ada), []);
  assertEquals(
    await panel.evaluate((element) =>
      [element, ...element.querySelectorAll("*")].filter((one) => one.scrollWidth > 320).length
    ),
    0,
  );
});

browserTest("A search without a connection says so, and works again on return", async (stage) => {
  await stage.say("lobby", "found", "bo");
  const ada = await stage.member("lobby", "ada");
  await ada.locator("[data-actions]").waitFor();
  await ada.getByRole("button", { name: "搜尋聊天室" }).click();
  await ada.context().setOffline(true);
  const words = ada.getByRole("searchbox", { name: "訊息裡的文字" });
  await words.fill("foun");
  await ada.getByText("目前沒有連線，請稍後再試。").waitFor();
  await ada.context().setOffline(false);
  await words.fill("found");
  await ada.getByText("找到 1 則").waitFor();
  await ada.keyboard.press("Escape");
  await connected(ada);
});
