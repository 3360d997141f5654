import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, bubble, messages, type Stage } from "../support/browser.ts";

browserTest("MessageList holds the place of a reader and counts what arrives below", async (stage) => {
  await fill(stage, 60);
  const ada = await stage.member("lobby", "ada");
  const before = await scrollTo(ada, "message 30");
  await stage.say("lobby", "new one", "bo");
  await ada.getByRole("button", { name: "有新訊息 ↓" }).waitFor();
  await stage.say("lobby", "new two", "bo");
  await ada.getByRole("button", { name: "2 則新訊息 ↓" }).waitFor();
  assertEquals(await topOf(ada, "message 30"), before);
  await ada.getByRole("button", { name: "2 則新訊息 ↓" }).click();
  await bubble(ada, "new two").waitFor();
  await ada.getByRole("button", { name: /新訊息/ }).waitFor({ state: "hidden" });
  assert(await isAtEnd(ada));
});

browserTest("MessageList follows new messages at its end", async (stage) => {
  await fill(stage, 30);
  const ada = await stage.member("lobby", "ada");
  assert(await isAtEnd(ada));
  await stage.say("lobby", "the newest", "bo");
  await bubble(ada, "the newest").waitFor();
  assert(await isAtEnd(ada));
});

browserTest("MessageList loads older messages on the way up and keeps the place", async (stage) => {
  await fill(stage, 130);
  const ada = await stage.member("lobby", "ada");
  assertEquals(await ada.locator(".message").count(), 50);
  const before = await scrollTo(ada, "message 80");
  await bubble(ada, "message 30").waitFor({ state: "attached" });
  assertEquals(await topOf(ada, "message 80"), before);
  await scrollTo(ada, "message 30");
  await bubble(ada, "message 0").waitFor({ state: "attached" });
  assertEquals(await messages(ada), Array.from({ length: 130 }, (_, index) => `message ${index}`));
  await scrollTo(ada, "message 0");
  await ada.getByText("這裡是聊天室的開頭").waitFor();
});

async function fill(stage: Stage, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await stage.say("lobby", `message ${index}`, "bo");
}

/**
 * Brings a message to the top of the list, as a reader does who scrolls, and tells where it stands then, before
 * anything that this sets off can happen.
 */
async function scrollTo(page: Page, text: string): Promise<number> {
  return await bubble(page, text).evaluate((row) => {
    row.scrollIntoView({ block: "start" });
    return Math.round(row.querySelector(".message__body")?.getBoundingClientRect().top ?? NaN);
  });
}

/** Where a message's words stand: the day and the name above them may come and go. */
async function topOf(page: Page, text: string): Promise<number> {
  return await bubble(page, text).locator(".message__body").evaluate((body) =>
    Math.round(body.getBoundingClientRect().top)
  );
}

async function isAtEnd(page: Page): Promise<boolean> {
  return await page.getByRole("log").evaluate((log) =>
    log.scrollHeight - log.scrollTop - log.clientHeight < 2
  );
}
