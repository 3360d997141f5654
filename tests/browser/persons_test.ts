import { Buffer } from "node:buffer";
import { assertEquals } from "@std/assert";
import { browserTest, bubble, connected, messages, send } from "../support/browser.ts";

const WIDE = { viewport: { width: 1280, height: 800 } };

browserTest(
  "The address of a room that somebody sends on doesn't make the other person them",
  async (stage) => {
    const ada = await stage.member("lobby", "小安", WIDE);
    const sent = ada.url();
    assertEquals(sent, `${stage.url}/chat/lobby/`);
    await ada.goto(`${stage.url}/chat/lobby/?username=${encodeURIComponent("小安")}&x=1#m`);
    await connected(ada);
    assertEquals(ada.url(), `${stage.url}/chat/lobby/?x=1#m`);
    const stranger = await stage.person();
    await stranger.goto(sent);
    await stranger.getByRole("dialog").getByRole("textbox").fill("小柏");
    await stranger.getByRole("dialog").getByRole("button", { name: "進入", exact: true }).click();
    await connected(stranger);
    await stranger.reload();
    await connected(stranger);
    await ada.locator(".people__row", { hasText: "小柏" }).waitFor();
  },
);

browserTest(
  "Two guests of one name are two: each one's own messages are those that they said",
  async (stage) => {
    const one = await stage.member("lobby", "小安", WIDE);
    const two = await stage.member("lobby", "小安", WIDE);
    await send(one, "我是第一個");
    await send(two, "我是第二個");
    await bubble(one, "我是第二個").waitFor();
    await bubble(two, "我是第二個").and(two.locator("[data-state=recorded]")).waitFor();
    for (const page of [one, two]) {
      await page.reload();
      await connected(page);
      const own = page.locator(".message[data-own] .message__body");
      assertEquals(await own.allInnerTexts(), [page === one ? "我是第一個" : "我是第二個"]);
      const others = page.locator(".message:not([data-own]) .message__name");
      assertEquals(await others.allInnerTexts(), [page === one ? "小安 2" : "小安"]);
    }
    const self = (page: typeof one) =>
      page.locator(".people__row", { hasText: "你" }).locator(".people__name").innerText();
    assertEquals([await self(one), await self(two)], ["小安", "小安 2"]);
    assertEquals([await stage.rowsWith("小安,我是第一個"), await stage.rowsWith("小安 2,我是第二個")], [
      1,
      1,
    ]);
  },
);

browserTest(
  "A guest who takes another nickname is told as renamed, and keeps what they said",
  async (stage) => {
    const ada = await stage.member("lobby", "小安", WIDE);
    const bo = await stage.member("lobby", "Bo", WIDE);
    await send(bo, "哈囉");
    await bubble(ada, "哈囉").waitFor();
    await bo.locator(".people").getByRole("button", { name: "更改暱稱" }).click();
    await bo.getByRole("dialog").getByRole("textbox").fill("Robert");
    await bo.getByRole("dialog").getByRole("button", { name: "進入", exact: true }).click();
    await ada.getByText("Bo 改名為 Robert").waitFor();
    await ada.locator(".people__row", { hasText: "Robert" }).waitFor();
    await send(bo, "我改名了");
    await bubble(ada, "我改名了").waitFor();
    assertEquals(await bo.locator(".message[data-own]").count(), 2);
    await bo.reload();
    await connected(bo);
    assertEquals([await bo.locator(".message[data-own]").count(), (await messages(bo)).length], [2, 2]);
  },
);

browserTest(
  "Messages that a former version stored are shown, and are nobody's own for their name",
  async (stage) => {
    const ada = await stage.person();
    await ada.routeWebSocket(/\/ws\//, (socket) => {
      const timestamp = new Date().toISOString();
      const old = { id: "1", seq: "1", username: "小安", message: "以前說的", timestamp };
      const own = { ...old, id: "2", seq: "2", username: "別名", message: "剛剛說的", person: "p1" };
      socket.send(JSON.stringify({ type: "welcome", person: "p1", username: "小安" }));
      socket.send(JSON.stringify({ type: "history", messages: [old, own], more: false }));
      socket.send(JSON.stringify({ type: "online_users", users: ["小安"], count: 1 }));
    });
    await ada.goto(stage.room("lobby", "小安"));
    await bubble(ada, "剛剛說的").and(ada.locator("[data-own]")).waitFor();
    await bubble(ada, "以前說的").and(ada.locator(":not([data-own])")).waitFor();
  },
);

browserTest(
  "After signing out, going back shows nothing of the account, and its drafts are gone",
  async (stage) => {
    await stage.account("小安");
    const ada = await stage.signedIn("小安", "/chat/team/");
    await connected(ada);
    await send(ada, "只給成員看");
    await bubble(ada, "只給成員看").and(ada.locator("[data-state=recorded]")).waitFor();
    await ada.evaluate(async () => {
      const body = JSON.stringify({ private: true });
      await fetch("/api/rooms/team", {
        method: "PATCH",
        headers: { "content-type": "application/json" },
        body,
      });
    });
    await ada.getByRole("textbox").fill("還沒送出的");
    const file = { name: "成績.txt", mimeType: "text/plain", buffer: Buffer.from("100") };
    await ada.locator("[data-part=files]").setInputFiles(file);
    await ada.waitForFunction(() => JSON.stringify({ ...localStorage }).includes("成績"));
    await ada.goto(`${stage.url}/account/`);
    await ada.getByRole("button", { name: "登出", exact: true }).click();
    await ada.waitForURL(`${stage.url}/chat/`);
    const kept = await ada.evaluate(() => JSON.stringify({ ...localStorage }));
    assertEquals(/還沒送出的|team|成績/.test(kept), false, kept);
    await ada.goBack();
    await ada.waitForURL(/\/account\/sign-in\//);
    await ada.goto(`${stage.url}/chat/team/`);
    assertEquals(
      [await ada.locator(".message").count(), await ada.locator(".composer__field").inputValue()],
      [0, ""],
    );
  },
);
