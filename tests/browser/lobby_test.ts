import { assertEquals } from "@std/assert";
import { browserTest, connected, send } from "../support/browser.ts";

browserTest("Rooms leads into a room and remembers it, its last message and the nickname", async (stage) => {
  const ada = await stage.person();
  await ada.goto(stage.url);
  await ada.getByRole("figure").waitFor();
  await ada.getByLabel("聊天室").first().fill("客服小組");
  await ada.getByLabel("暱稱").fill("小安");
  await ada.getByRole("button", { name: "進入" }).click();
  await connected(ada);
  await send(ada, "有人在嗎");
  await ada.locator("[data-state=recorded]").waitFor();
  await ada.getByRole("link", { name: "回到聊天室大廳" }).click();
  await ada.getByText("小安：有人在嗎").waitFor();
  await ada.getByRole("figure").waitFor({ state: "hidden" });
  assertEquals(await ada.getByLabel("暱稱").inputValue(), "小安");
  assertEquals(await ada.getByRole("img", { name: "有未讀訊息" }).count(), 0);
  await stage.say("客服小組", "我在", "小柏");
  await ada.reload();
  await ada.getByText("小柏：我在").waitFor();
  await ada.getByRole("img", { name: "有未讀訊息" }).waitFor();
});

browserTest("Rooms says what a room's name may hold before anything is sent", async (stage) => {
  const ada = await stage.person();
  await ada.goto(`${stage.url}/chat/`);
  const room = ada.getByLabel("聊天室").first();
  await room.fill("a room");
  await ada.getByRole("button", { name: "進入" }).click();
  assertEquals(
    await room.evaluate((field) => (field as HTMLInputElement).validationMessage),
    "可用文字、數字、底線（_）與連字號（-），最多 64 個字",
  );
});

browserTest("Rooms works without JavaScript", async (stage) => {
  const ada = await stage.person({ javaScriptEnabled: false });
  await ada.goto(`${stage.url}/chat/`);
  await ada.getByRole("link", { name: "English" }).click();
  await ada.getByLabel("Room", { exact: false }).first().fill("聊天室");
  await ada.getByLabel("Nickname").fill("ada & bo");
  await ada.getByRole("button", { name: "Enter" }).click();
  assertEquals(ada.url(), stage.room("聊天室", "ada & bo"));
  assertEquals(await ada.locator("html").getAttribute("lang"), "en");
});

browserTest("Pages speak the visitor's language, and the chosen one for good", async (stage) => {
  const ada = await stage.person({ locale: "en-GB" });
  await ada.goto(stage.room("lobby", "ada"));
  await ada.getByText("1 online").waitFor();
  await ada.getByRole("link", { name: "中文" }).click();
  await ada.getByText("1 人線上").waitFor();
  assertEquals(ada.url(), stage.room("lobby"));
  await ada.goto(`${stage.url}/help/`);
  assertEquals(await ada.locator("html").getAttribute("lang"), "zh-Hant");
});

browserTest("Pages keep the chosen theme without a flash of the other", async (stage) => {
  const ada = await stage.person({ colorScheme: "light" });
  await ada.goto(`${stage.url}/chat/`);
  await ada.getByRole("button", { name: "切換深色或淺色" }).click();
  const answer = await ada.goto(`${stage.url}/help/`);
  assertEquals((await answer?.text())?.includes(`data-theme="dark"`), true);
});
