/** One message, as those use it who see little, touch or type only. */
import { assert, assertEquals } from "@std/assert";
import { browserTest, bubble, connected, send } from "../support/browser.ts";

browserTest("A message is one thing to a screen reader: who, what, how far, when", async (stage) => {
  const ada = await stage.member("lobby", "小安");
  await stage.say("lobby", "早安\n看 https://example.com", "小柏");
  await send(ada, "好");
  await ada.locator("[data-own][data-state=recorded]").waitFor();
  const time = /\d\d:\d\d/;
  const others = ada.getByRole("article", { name: /^小柏 早安 看 https:\/\/example\.com \d\d:\d\d$/ });
  await others.waitFor();
  const own = ada.getByRole("article", { name: /^小安 好 已寫入試算表 \d\d:\d\d$/ });
  await own.waitFor();
  assert(time.test(await own.innerText()));
});

browserTest("Messages can be reached and left by keys alone", async (stage) => {
  for (let index = 0; index < 30; index++) await stage.say("lobby", `message ${index}`, "bo");
  const ada = await stage.member("lobby", "ada");
  const focused = () =>
    ada.evaluate(() =>
      document.activeElement?.querySelector(".message__body")?.textContent ??
        document.activeElement?.className
    );
  await ada.getByRole("log").focus();
  await ada.keyboard.press("ArrowUp");
  assertEquals(await focused(), "message 29");
  await ada.keyboard.press("ArrowUp");
  assertEquals(await focused(), "message 28");
  await ada.keyboard.press("Home");
  assertEquals(await focused(), "message 0");
  assert(await ada.locator(":focus").evaluate((row) => row.getBoundingClientRect().top >= 0));
  await ada.keyboard.press("ArrowDown");
  assertEquals(await focused(), "message 1");
  await ada.keyboard.press("End");
  assertEquals(await focused(), "message 29");
  assertEquals(await ada.locator(":focus").evaluate((row) => getComputedStyle(row).outlineStyle), "solid");
  await ada.keyboard.press("Escape");
  assertEquals(await focused(), "composer__field");
});

browserTest("The sign of a message says what it means to a mouse and to a finger", async (stage) => {
  const said = (row: Element) => {
    const sign = row.querySelector("[data-part=ticks]");
    return sign ? getComputedStyle(sign, "::after").content : "";
  };
  const ada = await stage.member("lobby", "ada");
  await send(ada, "hi");
  const row = bubble(ada, "hi").and(ada.locator("[data-state=recorded]"));
  await row.waitFor();
  assertEquals(await row.evaluate(said), "none");
  await row.locator("[data-part=ticks]").hover();
  assertEquals(await row.evaluate(said), `"已寫入試算表"`);
  await ada.getByRole("textbox").hover();
  assertEquals(await row.evaluate(said), "none");
  const phone = await stage.member("lobby", "bo", {
    hasTouch: true,
    isMobile: true,
    viewport: { width: 320, height: 568 },
  });
  await phone.getByRole("textbox").fill("hi there");
  await phone.getByRole("button", { name: "傳送" }).tap();
  const own = bubble(phone, "hi there").and(phone.locator("[data-state=recorded]"));
  await own.waitFor();
  await own.locator("[data-part=ticks]").tap();
  assertEquals(await own.evaluate(said), `"已寫入試算表"`);
  const target = await own.locator("[data-part=ticks]").boundingBox();
  assert(target && target.width >= 44 && target.height >= 44);
  assertEquals(await phone.evaluate(() => document.documentElement.scrollWidth), 320);
});

browserTest("Nothing moves for people who don't want it to", async (stage) => {
  for (const [reducedMotion, expected] of [["reduce", "0s"], ["no-preference", "0.18s"]] as const) {
    const ada = await stage.member("lobby", "ada", { reducedMotion, viewport: { width: 375, height: 667 } });
    const [duration] = await ada.locator(".people").evaluate((panel) =>
      getComputedStyle(panel).transitionDuration.split(", ")
    );
    assertEquals(duration, expected);
  }
});

browserTest("On a phone language and theme are in a menu, and a room's name has room", async (stage) => {
  const ada = await stage.member("研究方法第三組", "ada", { viewport: { width: 320, height: 568 } });
  const width = (await ada.locator(".room__heading").boundingBox())?.width ?? 0;
  assert(width > 120, `${width} px`);
  assertEquals(await ada.getByRole("link", { name: "EN, English" }).count(), 0);
  await ada.getByRole("button", { name: "語言與外觀" }).click();
  await ada.getByRole("button", { name: "切換深色或淺色" }).click();
  assertEquals(await ada.locator("html").getAttribute("data-theme"), "dark");
  await ada.getByRole("link", { name: "EN, English" }).click();
  await ada.locator("html[lang=en]").waitFor();
  await connected(ada);
  await ada.setViewportSize({ width: 1280, height: 800 });
  await ada.getByRole("link", { name: "中文" }).waitFor();
  assertEquals(await ada.getByRole("button", { name: "Language and theme" }).count(), 0);
});
