import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, bubble, connected, messages, send, type Stage } from "../support/browser.ts";

browserTest("MessageList holds the place of a reader and counts what arrives below", async (stage) => {
  await fill(stage, 60);
  const ada = await stage.member("lobby", "ada");
  const before = await scrollTo(ada, "message 30");
  await stage.say("lobby", "new one", "bo");
  await ada.getByRole("button", { name: "有新訊息" }).waitFor();
  await stage.say("lobby", "new two", "bo");
  await ada.getByRole("button", { name: "2 則新訊息" }).waitFor();
  assertEquals(await topOf(ada, "message 30"), before);
  await ada.getByRole("button", { name: "2 則新訊息" }).click();
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

browserTest("MessageList keeps 1,000 messages at its end and loads older ones again", async (stage) => {
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
    socket.send(JSON.stringify(Array.from({ length: 1_400 }, (_, index) => said(101 + index))));
  });
  await ada.addInitScript(() => {
    const counts = { most: 0 };
    Object.assign(globalThis, counts);
    new MutationObserver(() => {
      const rows = document.getElementsByClassName("message").length;
      Object.assign(globalThis, { most: counts.most = Math.max(counts.most, rows) });
    }).observe(document, { childList: true, subtree: true });
  });
  await ada.goto(stage.room("lobby", "ada"));
  await ada.locator(`[data-id="${id(1_500)}"]`).waitFor();
  assert(await ada.evaluate(() => (globalThis as unknown as { most: number }).most) <= 1_200);
  await ada.waitForFunction(() => document.querySelectorAll(".message").length === 1_000);
  assert(await isAtEnd(ada));
  assertEquals((await messages(ada)).at(0), "message 501");
  const before = await scrollTo(ada, "message 501");
  await bubble(ada, "message 451").waitFor({ state: "attached" });
  assertEquals(await topOf(ada, "message 501"), before);
  assert(await ada.locator(".message").count() > 1_000);
  await ada.getByRole("log").evaluate((log) => log.scrollTop = log.scrollHeight);
  await ada.waitForFunction(() => document.querySelectorAll(".message").length === 1_000);
  const texts = await messages(ada);
  assertEquals(texts, Array.from({ length: 1_000 }, (_, index) => `message ${501 + index}`));
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

browserTest(
  "MessageList opens a room where its unread messages begin, and marks the place",
  async (stage) => {
    await fill(stage, 30);
    const ada = await stage.member("lobby", "ada");
    await seen(ada);
    await ada.goto("about:blank");
    for (let index = 30; index < 110; index++) await stage.say("lobby", `message ${index}`, "bo");
    await ada.goto(stage.room("lobby", "ada"));
    await connected(ada);
    const line = ada.getByText("以下是未讀訊息");
    await line.waitFor();
    await bubble(ada, "message 30").filter({ has: line }).waitFor();
    const [top, listTop] = await Promise.all(
      [line, ada.getByRole("log")].map(async (part) => (await part.boundingBox())?.y ?? NaN),
    );
    assert(top >= listTop && top < listTop + 60, `${top}, ${listTop}`);
    await ada.getByRole("button", { name: "80 則新訊息" }).click();
    await ada.getByRole("button", { name: "80 則新訊息" }).waitFor({ state: "hidden" });
    assert(await isAtEnd(ada));
    await send(ada, "an answer");
    await bubble(ada, "an answer").waitFor();
    assertEquals(await line.count(), 0);
  },
);

browserTest(
  "MessageList marks nothing as unread on a first visit, nor what one has seen or said",
  async (stage) => {
    await fill(stage, 30);
    const ada = await stage.member("lobby", "ada");
    assertEquals(await ada.locator(".message__unread").count(), 0);
    await send(ada, "mine");
    await ada.locator("[data-state=recorded]").last().waitFor();
    await seen(ada);
    await ada.reload();
    await connected(ada);
    assertEquals(await ada.locator(".message__unread").count(), 0);
    assert(await isAtEnd(ada));
  },
);

browserTest("MessageList marks what came while nobody looked", async (stage) => {
  const ada = await stage.member("lobby", "ada");
  await stage.say("lobby", "seen", "bo");
  await bubble(ada, "seen").waitFor();
  await setHidden(ada, true);
  for (let index = 0; index < 40; index++) await stage.say("lobby", `unseen ${index}`, "bo");
  await bubble(ada, "unseen 39").waitFor();
  await setHidden(ada, false);
  const line = ada.getByText("以下是未讀訊息");
  await bubble(ada, "unseen 0").filter({ has: line }).waitFor();
  assert(!await isAtEnd(ada));
  await ada.getByRole("button", { name: "40 則新訊息" }).waitFor();
});

browserTest(
  "A button leads to the end wherever else one reads, and never covers the composer",
  async (stage) => {
    await fill(stage, 60);
    const ada = await stage.member("lobby", "ada", { viewport: { width: 320, height: 568 } });
    const button = ada.getByRole("button", { name: "跳到最新訊息" });
    assertEquals(await button.count(), 0);
    await scrollTo(ada, "message 30");
    await button.waitFor();
    const covers = async () => {
      const [pill, foot] = await Promise.all(
        [".pill", ".typing"].map((part) => ada.locator(part).boundingBox()),
      );
      return pill !== null && foot !== null && pill.y + pill.height > foot.y;
    };
    assertEquals(await covers(), false);
    await ada.getByRole("textbox").fill("one\ntwo\nthree\nfour\nfive\nsix");
    assertEquals(await covers(), false);
    await stage.say("lobby", "new", "bo");
    await ada.getByRole("button", { name: "有新訊息" }).waitFor();
    assertEquals(await covers(), false);
    await ada.getByRole("button", { name: "有新訊息" }).click();
    await ada.locator(".pill").waitFor({ state: "hidden" });
    assert(await isAtEnd(ada));
  },
);

browserTest("MessageList never freezes its page, whatever stands in the room", async (stage) => {
  const hostile = [
    "http://a/" + ")".repeat(3_990),
    "(http://a".repeat(440),
    "😀".repeat(35) + "x",
    "字 ".repeat(2_000),
  ];
  for (let index = 0; index < 50; index++) await stage.say("lobby", hostile[index % hostile.length], "bo");
  const ada = await stage.person();
  await ada.addInitScript(() => {
    /** The characters of the messages that each turn has drawn: an observer is called once after each. */
    const turns: number[] = [];
    Object.assign(globalThis, { turns });
    new MutationObserver((records) => {
      const rows = records.flatMap(({ addedNodes }) => [...addedNodes])
        .filter((node) => node instanceof HTMLElement && node.matches(".message"));
      if (rows.length) turns.push(rows.reduce((sum, row) => sum + (row.textContent?.length ?? 0), 0));
    }).observe(document, { childList: true, subtree: true });
  });
  await ada.goto(stage.room("lobby", "ada"));
  await connected(ada);
  assertEquals(await ada.locator(".message").count(), 50);
  assert(await isAtEnd(ada));
  // How long a turn takes is up to the machine; that they are many, and none draws it all, isn't.
  const turns = await ada.evaluate(() => (globalThis as unknown as { turns: number[] }).turns);
  const all = turns.reduce((sum, characters) => sum + characters, 0);
  assert(all > 100_000 && Math.max(...turns) < all / 2, `${turns} of ${all} characters`);
});

/** Waits until the page has noted that its reader has seen everything. */
async function seen(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const id = [...document.querySelectorAll<HTMLElement>(".message[data-id]")].at(-1)?.dataset.id;
    return JSON.parse(localStorage.getItem("talksheet:visit:lobby") ?? "{}").seenId === id;
  });
}

async function setHidden(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
    document.dispatchEvent(new Event("visibilitychange"));
  }, isHidden);
}

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
