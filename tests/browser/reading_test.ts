import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, bubble, connected, messages, type Stage } from "../support/browser.ts";

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

browserTest("MessageList keeps 2,000 messages at its end and loads older ones again", async (stage) => {
  const ada = await stage.person();
  const said = (index: number) => ({
    type: "chat_message",
    id: id(index),
    seq: id(index),
    room: "lobby",
    user: "bo",
    username: "bo",
    message: `message ${index}`,
    timestamp: new Date(Date.UTC(2026, 0, 2) + index * 1_000).toISOString(),
    recorded: true,
  });
  const id = (index: number) => String(index).padStart(26, "0");
  await ada.routeWebSocket(/\/ws\//, (socket) => {
    socket.onMessage((frame) => {
      const { type, before } = JSON.parse(String(frame));
      if (type !== "history") return;
      const messages = Array.from({ length: 50 }, (_, index) => said(Number(before) - 50 + index));
      socket.send(JSON.stringify({ type, messages, more: true }));
    });
    socket.send(JSON.stringify({ type: "history", messages: [said(100)], more: true }));
    socket.send(JSON.stringify(Array.from({ length: 2_400 }, (_, index) => said(101 + index))));
  });
  await ada.goto(stage.room("lobby", "ada"));
  await bubble(ada, "message 2500").waitFor();
  await ada.waitForFunction(() => document.querySelectorAll(".message").length === 2_000);
  assert(await isAtEnd(ada));
  assertEquals((await messages(ada)).at(0), "message 501");
  const before = await scrollTo(ada, "message 501");
  await bubble(ada, "message 451").waitFor({ state: "attached" });
  assertEquals(await topOf(ada, "message 501"), before);
  assert(await ada.locator(".message").count() > 2_000);
  await ada.getByRole("log").evaluate((log) => log.scrollTop = log.scrollHeight);
  await ada.waitForFunction(() => document.querySelectorAll(".message").length === 2_000);
  const texts = await messages(ada);
  assertEquals(texts, Array.from({ length: 2_000 }, (_, index) => `message ${501 + index}`));
});

browserTest("MessageList turns today into yesterday at midnight", async (stage) => {
  const ada = await stage.person({ timezoneId: "Asia/Taipei" });
  await ada.clock.install({ time: new Date(Date.now()) });
  await ada.goto(stage.room("lobby", "ada"));
  await connected(ada);
  await stage.say("lobby", "today's", "bo");
  await ada.locator(".message__day", { hasText: "今天" }).waitFor();
  await ada.clock.fastForward("24:00:00");
  await ada.locator(".message__day", { hasText: "昨天" }).waitFor();
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
