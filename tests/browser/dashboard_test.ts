import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { GoogleSheets } from "../fakes/google_sheets.ts";
import { browserTest, bubble, connected, messages, send, TOKEN } from "../support/browser.ts";
import { tooSmall, violations } from "./violations.ts";

let google: GoogleSheets;

/** The sheet of the next test, as Google's stand-in. */
async function withGoogle(undo: AsyncDisposableStack) {
  google = undo.use(await GoogleSheets.start());
  return {
    googleSheetId: google.spreadsheetId,
    googleCredsJson: JSON.stringify(google.key),
    googleApiRoot: google.url,
  };
}

const figure = (page: Page, name: string) => page.locator(`.tile [data-figure=${name}]`);

async function post(origin: string, event: object): Promise<void> {
  const response = await fetch(`${origin}/api/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify(event),
  });
  await response.body?.cancel();
  assertEquals(response.status, 201);
}

browserTest(
  "An admin watches figures and charts move while people talk, sees orders come in, and has a refused row written",
  async (stage) => {
    await stage.account("root", "admin");
    const ada = await stage.member("聊天室", "小安");
    google.faults.next("append", { work: "undone", outcome: "answer", status: 400 });
    await send(ada, "被拒絕的一列");
    await bubble(ada, "被拒絕的一列").and(ada.locator("[data-state=not_recorded]")).waitFor();
    const root = await stage.signedIn("root", "/admin/");
    root.setDefaultTimeout(30_000);
    await figure(root, "messages_today").getByText("1", { exact: true }).waitFor();
    await figure(root, "online_users").getByText("1", { exact: true }).waitFor();
    for (const text of ["一", "二", "三"]) await send(ada, text);
    const rate = root.locator("[data-part=isolates] [data-figure=rows]");
    await rate.filter({ hasText: /^[1-9]/ }).waitFor();
    await figure(root, "messages_today").getByText("4", { exact: true }).waitFor();
    // The charts are drawn, and have a point for each update.
    await root.locator("[data-part=charts][data-points]:not([data-points='1'])").waitFor();
    const drawn = await root.locator("[data-chart=messages_per_second] canvas").evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const pixels = (canvas as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height).data;
      return pixels?.some((value) => value > 0);
    });
    assert(drawn);
    const label = await root.locator("[data-chart=messages_per_second]").getAttribute("aria-label");
    assert(label?.startsWith("每秒訊息數：現在 "), `${label}`);
    await root.locator("[data-part=scope]").selectOption({ index: 1 });
    await root.locator("[data-part=charts][data-scope=one]").waitFor();

    await post(stage.url, { type: "new_order", order: { id: 42, 品名: "綠茶" } });
    await root.locator("[data-part=events]").getByText("order.id: 42 · order.品名: 綠茶").waitFor();

    const letter = root.locator("[data-part=dead-letters] > li");
    await letter.getByText("被拒絕的一列").waitFor();
    await letter.getByText("Google 不接受這一列（400").waitFor();
    await letter.getByRole("button", { name: "重試" }).press("Enter");
    await bubble(ada, "被拒絕的一列").and(ada.locator("[data-state=recorded]")).waitFor({ timeout: 30_000 });
    await root.locator("[data-part=dead-letters]:empty").waitFor({ state: "attached" });
    assertEquals(google.rows("ChatLogs").filter((row) => row[3] === "被拒絕的一列").length, 1);
    // Who had pressed a button that is gone is at the heading above.
    assertEquals(await root.evaluate(() => document.activeElement?.id), "dead");
    // A rate, and no sum: since then nothing was written.
    await rate.getByText("0", { exact: true }).waitFor();
    // What was posted is still there after a reload.
    await root.reload();
    await root.locator("[data-part=events]").getByText("order.id: 42").waitFor();
    google.share(undefined);
    await root.getByRole("button", { name: "檢查試算表" }).click();
    const hint = root.locator("[data-part=sheet-check]");
    await hint.getByText(`與 ${google.key.client_email} 共用`).waitFor();
    // In the page's language as well: why rows wait, and the alert about it.
    await send(ada, "要等一下的一列");
    const why = `請把試算表 ${google.spreadsheetId}`;
    await root.locator("[data-part=log]").getByText(`目前無法寫入試算表：${why}`).waitFor();
    await root.locator("[data-part=events]").getByText(why).waitFor();
    google.share("writer");
    await root.getByRole("button", { name: "檢查試算表" }).click();
    await hint.getByText("可以寫入").waitFor();
  },
  withGoogle,
);

browserTest(
  "An admin removes a member, closes a room and opens it again, makes an admin, and revokes a token",
  async (stage) => {
    await stage.account("root", "admin");
    await stage.account("小安");
    const ada = await stage.signedIn("小安", "/chat/team/");
    await connected(ada);
    const bo = await stage.member("team", "小柏");
    const root = await stage.signedIn("root", "/account/");
    root.on("dialog", (dialog) => void dialog.accept());
    await root.getByLabel("用途").fill("商店");
    await root.getByRole("button", { name: "建立權杖" }).click();
    await root.locator("[data-part=secret]:not(:empty)").waitFor();
    await root.getByRole("link", { name: "儀表板" }).click();
    await root.waitForURL(`${stage.url}/admin/`);
    await root.locator("body[data-connection=open]").waitFor();

    await root.locator("[data-part=rooms-part] summary").press("Enter");
    const team = root.locator("[data-part=rooms-list] > li").filter({ hasText: "team" });
    await team.getByRole("button", { name: "成員" }).click();
    const member = team.locator("li").filter({ hasText: "小柏" });
    await member.getByText("訪客").waitFor();
    await member.getByRole("button", { name: "移出" }).click();
    await bo.getByText("你已被管理員移出這個聊天室。").waitFor();
    await member.waitFor({ state: "detached" });
    assertEquals(await messages(ada), []);
    await team.getByRole("button", { name: "關閉" }).click();
    await ada.getByText("這個聊天室已由管理員關閉。").waitFor();
    await ada.reload();
    await ada.getByText("這個聊天室已由管理員關閉。").waitFor();
    // Where the button was that closed it.
    await team.getByRole("button", { name: "重新開放" }).and(root.locator(":focus")).press("Enter");
    // It stays in the list, though nobody is in it.
    await team.getByRole("button", { name: "重新開放" }).waitFor({ state: "hidden" });
    await team.getByRole("button", { name: "關閉" }).waitFor();
    await ada.reload();
    await connected(ada);

    await root.locator("[data-part=accounts-part] summary").press("Enter");
    const account = root.locator("[data-part=accounts] > li").filter({ hasText: "小安" });
    const make = root.locator("[data-part=make-account]");
    await make.locator("[name=username]").fill("小柏");
    await make.getByRole("button", { name: "建立帳號" }).click();
    const told = root.locator("[data-part=account-told]");
    await told.getByText("「小柏」的密碼，只顯示這一次：").waitFor();
    const passwords = [await root.locator("[data-part=account-password]").innerText()];
    const made = root.locator("[data-part=accounts] > li").filter({ hasText: "小柏" });
    await made.getByRole("button", { name: "重設密碼" }).click();
    await root.waitForFunction(
      (first) => document.querySelector("[data-part=account-password]")?.textContent !== first,
      passwords[0],
    );
    passwords.push(await root.locator("[data-part=account-password]").innerText());
    const signIns = passwords.map((password) =>
      bo.request.post(`${stage.url}/api/session`, { data: { username: "小柏", password } })
    );
    assertEquals((await Promise.all(signIns)).map((answer) => answer.status()), [401, 200]);
    await account.getByRole("button", { name: "設為管理員" }).click();
    await account.getByText("管理員", { exact: true }).waitFor();
    await ada.goto(`${stage.url}/admin/`);
    await ada.locator("body[data-connection=open]").waitFor();
    await account.getByRole("button", { name: "取消管理員權限" }).click();
    await ada.getByText("你沒有權限執行這項操作。").waitFor();
    await ada.reload();
    await ada.getByText("這個頁面只給管理員使用").waitFor();
    await root.locator("[data-part=tokens-part] summary").press("Enter");
    const token = root.locator("[data-part=admin-tokens] > li").filter({ hasText: "商店" });
    await token.getByRole("button", { name: "撤銷" }).click();
    await root.getByText("還沒有權杖。").waitFor();
    const stranger = await stage.person();
    await stranger.goto(`${stage.url}/admin/`);
    await stranger.waitForURL(/\/account\/sign-in\/\?to=%2Fadmin%2F$/);
  },
);

browserTest(
  "axe finds nothing to mend on the dashboard in any language or theme, which fits 360 pixels",
  async (stage) => {
    await stage.account("root", "admin");
    await stage.account("W".repeat(64));
    const ada = await stage.member("W".repeat(64), "m".repeat(64));
    await send(ada, "hi");
    await post(stage.url, { type: "x".repeat(64), text: "W".repeat(500) });
    for (const locale of ["en-US", "zh-TW"]) {
      const viewport = { width: 360, height: 740 };
      const root = await stage.signedIn("root", "/admin/", { locale, viewport });
      await root.locator("[data-part=charts][data-points]").waitFor();
      for (const name of ["rooms", "accounts", "tokens"]) {
        await root.locator(
          `[data-part=${name}-part] summary`,
        ).click();
      }
      await root.locator("[data-act=members]:visible").click();
      await root.locator("[data-act=remove]:visible").first().waitFor();
      assertEquals(await violations(root), [], locale);
      const sideways = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
      assertEquals(await root.evaluate(sideways), 0);
      // A checkbox is pressed anywhere on its label.
      const targets =
        "main :is(button, select, input:not([type=checkbox]), label:has([type=checkbox]), summary)";
      assertEquals(await tooSmall(root.locator(`${targets}:visible`), 0), []);
    }
  },
);
