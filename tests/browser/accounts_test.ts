import { assert, assertEquals } from "@std/assert";
import {
  browserTest,
  bubble,
  connected,
  messages,
  PASSWORD,
  send,
  signIn,
  TOKEN,
  toolbarOf,
} from "../support/browser.ts";

browserTest(
  "A signed-in person speaks under the account's name, is marked, and is refused what isn't theirs",
  async (stage) => {
    await stage.account("小安");
    await stage.say("team", "大家好", "商店");
    const ada = await stage.signedIn("小安", "/chat/team/");
    await connected(ada);
    // No nickname is asked for, and none can be chosen.
    assertEquals(await ada.getByRole("dialog").count(), 0);
    assertEquals(await ada.getByRole("button", { name: "更改暱稱" }).count(), 0);
    await send(ada, "我是本人");
    const bo = await stage.member("team", "小柏");
    await bubble(bo, "我是本人").waitFor();
    const name = bubble(bo, "我是本人").locator(".message__name");
    assertEquals([await name.innerText(), await name.getAttribute("data-account")], ["小安", ""]);
    // The mark is a picture: no text, however it is written, looks like it.
    await name.getByRole("img", { name: "已登入的帳號" }).waitFor();
    await bo.locator(".room__online").click();
    await bo.locator(".people__row", { hasText: "小安" }).getByRole("img", { name: "已登入的帳號" })
      .waitFor();
    assertEquals(await bo.locator(".people__row .verified").count(), 1);
    assertEquals(await bubble(bo, "大家好").locator(".message__name[data-account]").count(), 0);
    // The room isn't theirs: its settings lead back to it, and no message can be deleted.
    assertEquals(await ada.locator(".message__delete:visible").count(), 0);
    await ada.goto(`${stage.url}/chat/team/settings/`);
    await ada.waitForURL(`${stage.url}/chat/team/`);
    const refused = await ada.evaluate(async () => {
      const asked = [["GET", "/api/users"], ["GET", "/api/log"], ["PATCH", "/api/rooms/team"], [
        "POST",
        "/api/rooms/team/messages",
      ]];
      return await Promise.all(asked.map(async ([method, path]) => (await fetch(path, { method })).status));
    });
    assertEquals(refused, [403, 403, 403, 403]);
  },
);

browserTest(
  "A guest talks, can't take an account's name, and is sent to sign in for the rest",
  async (stage) => {
    await stage.account("小安");
    const bo = await stage.member("lobby", "小柏");
    await send(bo, "我是訪客");
    await bubble(bo, "我是訪客").and(bo.locator("[data-state=recorded]")).waitFor();
    assertEquals(await bubble(bo, "我是訪客").locator(".message__name[data-account]").count(), 0);
    const posing = await stage.person();
    await posing.goto(stage.room("lobby", "小安"));
    await posing.getByText("這個暱稱屬於某個帳號，請登入或換一個暱稱。").waitFor();
    await posing.locator(".connection").getByRole("button", { name: "更改暱稱" }).click();
    await posing.getByRole("dialog").getByRole("textbox").fill("小丁");
    await posing.getByRole("dialog").getByRole("button", { name: "進入", exact: true }).click();
    await connected(posing);
    await posing.goto(`${stage.url}/account/`);
    await posing.waitForURL(/\/account\/sign-in\/\?to=%2Faccount%2F$/);
    await posing.goto(`${stage.url}/chat/lobby/settings/`);
    await posing.waitForURL(/\/account\/sign-in\//);
    // Sign-up is closed.
    await posing.goto(`${stage.url}/account/sign-up/`);
    await posing.waitForURL(/\/account\/sign-in\//);
  },
);

browserTest(
  "An admin makes a room private and read-only, deletes a message, and a stranger sees none of it",
  async (stage) => {
    await stage.account("root", "admin");
    await stage.account("小安");
    const bo = await stage.member("team", "小柏");
    await send(bo, "不該說的話");
    const ada = await stage.signedIn("小安", "/chat/team/");
    await connected(ada);
    const root = await stage.signedIn("root", "/chat/team/");
    await connected(root);
    root.on("dialog", (dialog) => void dialog.accept());
    await (await toolbarOf(root, "不該說的話")).getByRole("button", { name: "刪除" }).click();
    for (const page of [root, ada, bo]) {
      await bubble(page, "訊息已刪除").waitFor();
      assertEquals(await page.getByText("不該說的話").count(), 0);
    }
    assertEquals(await stage.rowsWith("不該說的話"), 1);
    await bo.reload();
    await bubble(bo, "訊息已刪除").waitFor();

    await root.goto(`${stage.url}/chat/team/settings/`);
    await root.getByLabel("標題").fill("公告");
    await root.getByLabel("唯讀").check();
    await root.getByRole("button", { name: "儲存" }).click();
    await root.getByText("已儲存。").waitFor();
    await bo.getByRole("heading", { name: "公告" }).waitFor();
    await bo.getByPlaceholder("這個聊天室是唯讀的").and(bo.locator(":disabled")).waitFor();

    await root.getByLabel("私人").check();
    await root.getByLabel("成員的帳號名稱").fill("小安\n");
    await root.getByRole("button", { name: "儲存" }).click();
    await bo.getByText("這是私人聊天室，只有成員可以進入。").waitFor();
    await bo.getByText("未連線").waitFor();
    assert(await bo.getByRole("textbox").isDisabled());
    await bo.reload();
    await bo.getByText("這是私人聊天室，只有成員可以進入。").waitFor();
    assertEquals([await messages(bo), await bo.title()], [[], "team · Talksheet"]);
    await ada.reload();
    await connected(ada);
    // That they were added is read as soon as they are in.
    await ada.waitForFunction(() => document.title === "公告 · Talksheet");
  },
);

browserTest(
  "A service's token, made on the account's page, speaks for a program until it is ended, and does no more",
  async (stage) => {
    await stage.account("root", "admin");
    const root = await stage.signedIn("root", "/account/");
    await root.getByLabel("用途").fill("商店");
    await root.getByLabel("服務權杖").check();
    await root.getByRole("button", { name: "建立權杖" }).click();
    const token = await root.locator("[data-part=secret]:not(:empty)").innerText();
    await root.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await root.getByRole("button", { name: "複製權杖" }).click();
    await root.getByRole("button", { name: "已複製" }).waitFor();
    assertEquals(await root.evaluate(() => navigator.clipboard.readText()), token);
    const ada = await stage.member("lobby", "小安");
    const ask = async (method: string, path: string, body?: unknown): Promise<number> => {
      const response = await fetch(stage.url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      await response.body?.cancel();
      return response.status;
    };
    assertEquals(
      await ask("POST", "/api/rooms/lobby/messages", { message: "訂單 42", username: "商店" }),
      201,
    );
    await bubble(ada, "訂單 42").waitFor();
    assertEquals(await bubble(ada, "訂單 42").locator(".message__name[data-account]").count(), 0);
    assertEquals(await ask("GET", "/api/log"), 200);
    assertEquals(await ask("POST", "/api/tokens", { name: "another" }), 403);
    assertEquals([await ask("GET", "/api/sessions"), await ask("DELETE", "/api/account", {})], [401, 401]);
    // Without a session a page stays a guest's, whatever token is in its address.
    const stranger = await stage.person();
    await stranger.goto(`${stage.url}/account/?token=${token}`);
    await stranger.waitForURL(/\/account\/sign-in\//);
    await root.locator("[data-part=tokens]").getByRole("button", { name: "移除" }).click();
    await root.locator("[data-part=tokens]:empty").waitFor({ state: "attached" });
    assertEquals(await ask("GET", "/api/log"), 401);
    assert(token !== TOKEN);
  },
);

browserTest(
  "People sign up, change their password, end other sessions, sign out, and delete their account",
  async (stage) => {
    const ada = await stage.person();
    await ada.goto(`${stage.url}/chat/lobby/`);
    await ada.keyboard.press("Escape");
    await ada.goto(`${stage.url}/account/sign-in/?to=/chat/lobby/`);
    await ada.getByRole("link", { name: "建立帳號" }).click();
    await ada.locator("[name=username]").fill("ada");
    await ada.locator("[name=display_name]").fill("小安");
    await ada.locator("[name=password]").fill(PASSWORD);
    await ada.locator("[type=submit]").click();
    await ada.getByText("帳號「ada」已建立").waitFor();
    await ada.getByRole("link", { name: "繼續" }).click();
    await ada.waitForURL(`${stage.url}/chat/lobby/`);
    await connected(ada);
    const phone = await stage.signedIn("ada", "/chat/lobby/");
    await connected(phone);
    await ada.getByRole("link", { name: "我的帳號" }).click();
    await ada.locator("[data-part=sessions] > *").nth(1).waitFor();
    await ada.getByRole("button", { name: "登出其他裝置" }).click();
    await phone.getByText("你已經登出。").waitFor();
    await phone.locator(".connection").getByRole("link", { name: "登入" }).waitFor();
    assertEquals(await ada.locator("[data-part=sessions] > *").count(), 1);
    const own = await ada.locator("[data-part=sessions] p").evaluateAll((lines) =>
      lines.map((line) => line.getBoundingClientRect().left)
    );
    assertEquals(own[0], own[1], "one below the other");

    const password = ada.locator("[data-part=change-password]");
    await password.locator("[name=password]").fill("not my password");
    await password.locator("[name=new_password]").fill("another password");
    await password.getByRole("button").click();
    await password.getByText("目前的密碼不正確。").waitFor();
    await password.locator("[name=password]").fill(PASSWORD);
    await password.getByRole("button").click();
    await password.getByText("密碼已更改，其他裝置均已登出。").waitFor();

    await ada.getByRole("button", { name: "登出", exact: true }).click();
    await ada.waitForURL(`${stage.url}/chat/`);
    await ada.goto(`${stage.url}/account/sign-in/`);
    await signIn(ada, "ADA", "wrong password");
    await ada.getByText("帳號名稱或密碼不正確。").waitFor();
    assertEquals(await ada.locator("[name=username]").inputValue(), "ADA");
    await signIn(ada, "ADA", "another password");
    await ada.waitForURL(`${stage.url}/chat/`);
    await ada.goto(`${stage.url}/account/`);
    await ada.locator("[data-part=delete-account] [name=password]").fill("another password");
    await ada.getByRole("button", { name: "刪除我的帳號" }).click();
    await ada.getByText("你的帳號已刪除").waitFor();
    await ada.getByRole("button", { name: "登入" }).waitFor();
  },
  { signup: "open" },
);

browserTest(
  "Where accounts are required a stranger signs in first, and comes to where they wanted to go",
  async (stage) => {
    await stage.account("ada");
    const ada = await stage.person();
    await ada.goto(`${stage.url}/chat/lobby/`);
    await ada.waitForURL(/\/account\/sign-in\//);
    await signIn(ada, "ada", PASSWORD);
    await ada.waitForURL(`${stage.url}/chat/lobby/`);
    await connected(ada);
    await send(ada, "到了");
    await bubble(ada, "到了").and(ada.locator("[data-state=recorded]")).waitFor();
  },
  { auth: "required" },
);

browserTest(
  "What a guest wrote and didn't send under a former name is sent, though the name has become an account's",
  async (stage) => {
    const bo = await stage.member("lobby", "小柏");
    await bo.evaluate(() => {
      const unsent = { clientId: "c1", username: "小安", text: "舊訊息", writtenAt: 1 };
      localStorage.setItem("talksheet:unsent:lobby:c1", JSON.stringify(unsent));
    });
    await stage.account("小安");
    await bo.reload();
    await connected(bo);
    await bubble(bo, "舊訊息").and(bo.locator("[data-state=recorded][data-own]")).waitFor();
    assertEquals([await messages(bo), await stage.rowsWith("小柏,舊訊息")], [["舊訊息"], 1]);
  },
);

browserTest("A room says that it is recorded, and where", async (stage) => {
  const ada = await stage.member("lobby", "小安", { viewport: { width: 1280, height: 800 } });
  await ada.getByText("本聊天室的訊息會記錄到試算表").waitFor();
  assertEquals(await ada.locator(".people__notice").first().innerText(), "記錄位置：試算表檔案（CSV）");
  await ada.getByText("聊天紀錄保留天數：30").waitFor();
}, { retentionDays: 30 });
