import { assertEquals } from "@std/assert";
import { browserTest, bubble, connected, messages, send } from "../support/browser.ts";

browserTest(
  "RoomPage shows a message to both people, and its author when it is in the sheet",
  async (stage) => {
    const ada = await stage.member("lobby", "ada");
    const bo = await stage.member("lobby", "bo");
    await send(ada, "哈囉,大家好");
    await bubble(bo, "哈囉,大家好").waitFor();
    await bubble(ada, "哈囉,大家好").and(ada.locator("[data-state=recorded]")).waitFor();
    assertEquals(
      await bubble(ada, "哈囉,大家好").getByRole("img").getAttribute("aria-label"),
      "已寫入試算表",
    );
    assertEquals(await bubble(bo, "哈囉,大家好").getAttribute("data-own"), null);
    assertEquals(await stage.rowsWith("哈囉,大家好"), 1);
  },
);

browserTest("RoomPage shows everything again after a reload", async (stage) => {
  const ada = await stage.member("lobby", "ada");
  for (const text of ["one", "two\nlines", "three"]) await send(ada, text);
  await ada.locator("[data-state=recorded]").nth(2).waitFor();
  await ada.getByRole("textbox").fill("a draft");
  await ada.reload();
  await connected(ada);
  assertEquals(await messages(ada), ["one", "two\nlines", "three"]);
  assertEquals(await ada.locator(".message[data-own][data-state=recorded]").count(), 3);
  assertEquals(await ada.getByRole("textbox").inputValue(), "a draft");
});

browserTest("RoomPage keeps two rooms apart", async (stage) => {
  const ada = await stage.member("lobby", "ada");
  const bo = await stage.member("聊天室", "bo");
  await send(ada, "said in the lobby");
  await send(bo, "說在聊天室");
  await ada.locator("[data-state=recorded]").waitFor();
  await bo.locator("[data-state=recorded]").waitFor();
  assertEquals([await messages(ada), await messages(bo)], [["said in the lobby"], ["說在聊天室"]]);
});

browserTest("RoomPage keeps its own line among the visited rooms up to date", async (stage) => {
  const ada = await stage.member("lobby", "小安", { viewport: { width: 1280, height: 800 } });
  await stage.say("lobby", "早安", "小柏");
  await ada.getByRole("navigation").getByText("小柏：早安").waitFor();
});

browserTest("RoomPage asks for no previews on a phone, which shows none", async (stage) => {
  const ada = await stage.person({ viewport: { width: 390, height: 844 } });
  const asked: string[] = [];
  ada.on("request", (request) => void asked.push(new URL(request.url()).pathname));
  await ada.goto(stage.room("lobby", "ada"));
  await connected(ada);
  assertEquals(asked.filter((path) => path.startsWith("/api/")), []);
});

browserTest("RoomPage says who is online, who came and who is typing", async (stage) => {
  const ada = await stage.member("lobby", "小安");
  const bo = await stage.member("lobby", "小柏");
  await ada.getByText("2 人線上").waitFor();
  await ada.getByText("小柏加入").waitFor();
  await bo.getByRole("textbox").pressSequentially("我在");
  await ada.getByText("小柏正在輸入…").waitFor();
  await bo.getByRole("textbox").press("Enter");
  await ada.getByText("本聊天室的訊息會記錄到試算表").waitFor();
});

browserTest("RoomPage shows nobody as typing who has just spoken or edited", async (stage) => {
  const ada = await stage.person();
  await ada.routeWebSocket(/\/ws\//, (socket) => {
    const message = {
      id: "1",
      seq: "1",
      username: "bo",
      message: "done",
      timestamp: new Date().toISOString(),
    };
    socket.send(JSON.stringify({ type: "history", messages: [], more: false }));
    socket.send(JSON.stringify({ type: "user_typing", user: "bo" }));
    socket.send(JSON.stringify({ type: "chat_message", ...message }));
    socket.send(JSON.stringify({ type: "user_typing", user: "bo" }));
    socket.send(JSON.stringify({ type: "user_typing", user: "cy" }));
    const edited = { message_id: "0", user: "cy", message: "mended", edited: message.timestamp };
    socket.send(JSON.stringify({ type: "message_edited", id: "2", seq: "2", ...edited }));
    socket.send(JSON.stringify({ type: "online_users", users: ["ada", "bo", "cy"], count: 3 }));
  });
  await ada.goto(stage.room("lobby", "ada"));
  await ada.getByText("3 人線上").waitFor();
  await bubble(ada, "done").waitFor();
  assertEquals(await ada.locator("[data-typing]").count(), 0);
});

browserTest("RoomPage breaks the line on Shift+Enter and sends all lines", async (stage) => {
  const ada = await stage.member("lobby", "ada");
  const field = ada.getByRole("textbox");
  await field.pressSequentially("first");
  await field.press("Shift+Enter");
  await field.pressSequentially("second");
  await field.press("Enter");
  await ada.locator(".message").waitFor();
  assertEquals(await messages(ada), ["first\nsecond"]);
});

browserTest("RoomPage asks for a nickname and lets guests stay anonymous", async (stage) => {
  const ada = await stage.person();
  await ada.goto(stage.room("lobby"));
  await ada.getByRole("dialog").getByRole("button", { name: "匿名進入" }).click();
  await connected(ada);
  await ada.locator(".people__name", { hasText: /^匿名\d{4}$/ }).waitFor({ state: "attached" });
  await ada.reload();
  await connected(ada);
  assertEquals(await ada.getByRole("dialog").count(), 0);
});

browserTest(
  "RoomPage keeps the nickname of whoever leaves the question for another by Escape",
  async (stage) => {
    const ada = await stage.member("lobby", "小安", { viewport: { width: 1280, height: 800 } });
    await ada.getByRole("button", { name: "更改暱稱" }).click();
    await ada.getByRole("dialog").getByRole("textbox").fill("別的名字");
    await ada.keyboard.press("Escape");
    await ada.getByRole("dialog").waitFor({ state: "hidden" });
    await send(ada, "還是我");
    await ada.locator("[data-state=recorded]").waitFor();
    assertEquals(await ada.locator(".people__name").allInnerTexts(), ["小安"]);
    assertEquals(await stage.rowsWith("小安,還是我"), 1);
  },
);

browserTest("RoomPage keeps a message that is too long and says so", async (stage) => {
  const ada = await stage.member("lobby", "ada");
  await send(ada, "字".repeat(4_003));
  await ada.getByText("訊息太長，超過 3 個字，請縮短後再傳送。").waitFor();
  assertEquals((await ada.getByRole("textbox").inputValue()).length, 4_003);
  assertEquals(await messages(ada), []);
});

browserTest("RoomPage shows unread messages in the title while it is hidden", async (stage) => {
  const ada = await stage.member("lobby", "ada");
  const setHidden = (isHidden: boolean) =>
    ada.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
      document.dispatchEvent(new Event("visibilitychange"));
    }, isHidden);
  await setHidden(true);
  await stage.say("lobby", "psst", "bo");
  await ada.waitForFunction(() => document.title === "(1) lobby · Talksheet");
  await setHidden(false);
  await ada.waitForFunction(() => document.title === "lobby · Talksheet");
});
