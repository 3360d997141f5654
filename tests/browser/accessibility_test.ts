import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, bubble, connected, send, type Stage, toolbarOf } from "../support/browser.ts";
import { tooSmall, violations } from "./violations.ts";

browserTest("axe finds nothing to mend on any page in either theme", async (stage) => {
  const ada = await stage.person({ viewport: { width: 390, height: 844 } });
  for (const path of ["/chat/", "/help/", "/nothing/", "/chat/a%20b/"]) {
    await ada.goto(stage.url + path);
    assertEquals(await violations(ada), [], path);
  }
  await stage.account("root", "admin");
  await ada.goto(`${stage.url}/account/sign-in/`);
  assertEquals(await violations(ada), [], "signing in");
  await ada.goto(`${stage.url}/account/sign-up/`);
  assertEquals(await violations(ada), [], "signing up");
  const root = await stage.signedIn("root", "/account/");
  await root.locator("[data-part=sessions] > *").waitFor();
  assertEquals(await violations(root), [], "an account");
  await root.goto(`${stage.url}/reports/`);
  await root.getByLabel("聊天室", { exact: true }).fill("nobody-was-here");
  await root.getByRole("button", { name: "開始製作" }).click();
  await root.locator(".report[data-status=failed]").waitFor();
  assertEquals(await violations(root), [], "reports");
  await root.goto(`${stage.url}/chat/team/settings/`);
  await root.locator("fieldset:enabled").waitFor();
  assertEquals(await violations(root), [], "a room's settings");
  await root.goto(`${stage.url}/chat/team/`);
  await connected(root);
  await send(root, "hi");
  await (await toolbarOf(root, "hi")).waitFor();
  assertEquals(await violations(root), [], "an admin's room");
  await root.goto(`${stage.url}/help/`);
  // Where they aren't: what they see in the room is read.
  await stage.say("lobby", "@root hi");
  await root.getByRole("button", { name: /^通知\s*1/ }).click();
  await root.locator(".bell__row").waitFor();
  assertEquals(await violations(root), [], "notifications");
  await ada.goto(stage.room("lobby"));
  await ada.getByRole("dialog").waitFor();
  assertEquals(await violations(ada), [], "the nickname's dialog");
  await liveRoom(stage, ada);
  assertEquals(await violations(ada), [], "a room on a phone");
  await ada.getByRole("button", { name: /人線上/ }).click();
  await ada.getByRole("complementary").getByText("小柏").waitFor();
  assertEquals(await violations(ada), [], "the people online");
  await ada.keyboard.press("Escape");
  await ada.setViewportSize({ width: 1280, height: 800 });
  assertEquals(await violations(ada), [], "a room on a desk");
  await ada.context().setOffline(true);
  await ada.locator("[data-part=connection]:visible").waitFor();
  await send(ada, "later");
  assertEquals(await violations(ada), [], "a room offline");
  await ada.context().setOffline(false);
  await connected(ada);
  await ada.goto(`${stage.url}/chat/`);
  await ada.locator(".rooms__time:not(:empty)").waitFor();
  assertEquals(await violations(ada), [], "the lobby with a room");
}, { signup: "open" });

browserTest("No page scrolls sideways at 320 pixels, and a room only in its list", async (stage) => {
  const ada = await stage.person({ viewport: { width: 320, height: 568 } });
  for (const path of ["/chat/", "/help/", "/nothing/"]) {
    await ada.goto(stage.url + path);
    assertEquals(await sidewaysPx(ada), 0, path);
  }
  await stage.account("m".repeat(64), "admin");
  const root = await stage.signedIn("m".repeat(64), "/account/", { viewport: { width: 320, height: 568 } });
  await root.getByLabel("用途").fill("W".repeat(64));
  await root.getByRole("button", { name: "建立權杖" }).click();
  await root.locator("[data-part=tokens] > *").waitFor();
  assertEquals(await sidewaysPx(root), 0, "an account");
  await root.goto(`${stage.url}/chat/${"W".repeat(64)}/settings/`);
  assertEquals(await sidewaysPx(root), 0, "a room's settings");
  const room = "a".repeat(64);
  await ada.goto(stage.room(room, "W".repeat(64)));
  await connected(ada);
  await stage.say(room, "w".repeat(4_000), "m".repeat(64));
  await send(ada, "W".repeat(4_000));
  await bubble(ada, "W".repeat(4_000)).and(ada.locator("[data-state=recorded]")).waitFor();
  assertEquals(await sidewaysPx(ada), 0, "a room");
  const heightLeft = () => document.documentElement.scrollHeight - innerHeight;
  assertEquals(await ada.evaluate(heightLeft), 0, "a room scrolls in its list only");
  await ada.goto(`${stage.url}/chat/`);
  await ada.locator(".rooms__time:not(:empty)").waitFor();
  assertEquals(await sidewaysPx(ada), 0, "the lobby with a room");
});

browserTest("Every control of a room is at least 44 pixels high and wide for a thumb", async (stage) => {
  const ada = await stage.person({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await ada.goto(stage.room("lobby", "小安"));
  await connected(ada);
  assertEquals(await tooSmall(ada.locator(":is(a, button):visible:not(.skip, .room__online)")), []);
});

browserTest("The people online open and close from the keyboard, and the focus returns", async (stage) => {
  const ada = await stage.member("lobby", "小安", { viewport: { width: 390, height: 844 } });
  const opener = ada.getByRole("button", { name: /人線上/ });
  await opener.press("Enter");
  await ada.getByRole("complementary").waitFor();
  assertEquals(await opener.getAttribute("aria-expanded"), "true");
  await ada.keyboard.press("Escape");
  await ada.getByRole("complementary").waitFor({ state: "hidden" });
  assert(await opener.evaluate((element) => element === document.activeElement));
});

/** A room with what a page can show: both sides, a link, states, a notice. */
async function liveRoom(stage: Stage, ada: Page): Promise<void> {
  await ada.goto(stage.room("lobby", "小安"));
  await connected(ada);
  const bo = await stage.member("lobby", "小柏");
  await send(bo, "看這裡 https://example.com/");
  await send(ada, "好");
  await ada.locator("[data-own][data-state=recorded]").waitFor();
}

async function sidewaysPx(page: Page): Promise<number> {
  return await page.evaluate(() =>
    Math.max(
      ...[document.documentElement, ...document.querySelectorAll(".messages, .rooms")].map((element) =>
        element.scrollWidth - element.clientWidth
      ),
    )
  );
}
