import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, bubble, connected, send } from "../support/browser.ts";

const DESK = { viewport: { width: 1280, height: 900 } };

let rows = "";

/** Opens the link of an invitation, and enters by it. */
async function join(page: Page, url: string, name: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel("暱稱").fill(name);
  await page.getByRole("button", { name: "進入" }).click();
  await connected(page);
}

/** Withholds what tells a page of hosts' decisions: on a slow machine it comes long after the messages. */
async function withholdDecisions(page: Page): Promise<void> {
  await page.routeWebSocket(/\/ws\/chat\//, (route) => {
    const server = route.connectToServer();
    server.onMessage((text) => {
      if (!text.includes("pending_decided")) route.send(text);
    });
  });
}

async function act(teacher: Page, pupil: string, name: string): Promise<void> {
  await teacher.getByRole("complementary").locator("[data-person]").getByText(pupil, { exact: true }).click();
  const dialog = teacher.getByRole("dialog", { name: pupil });
  await dialog.getByRole("button", { name, exact: true }).click();
  await dialog.getByRole("button", { name: "關閉" }).click();
}

browserTest(
  "A class comes by a QR code; one is muted, one waits for approval, one is banned and stays out",
  async (stage) => {
    await stage.account("老師");
    const teacher = await stage.signedIn("老師", "/chat/", DESK);
    await teacher.getByLabel("新的聊天室設為私人").check();
    await teacher.getByLabel("聊天室").first().fill("五年三班");
    await teacher.getByRole("button", { name: "進入" }).click();
    await connected(teacher);
    await teacher.getByRole("complementary").getByRole("link", { name: "聊天室設定" }).click();
    await teacher.getByLabel("訊息要經過主持人審核").check();
    await teacher.getByRole("button", { name: "儲存" }).click();
    await teacher.getByText("已儲存。").waitFor();
    await teacher.getByRole("button", { name: "建立邀請" }).click();
    const code = teacher.getByRole("img", { name: "邀請的 QR 碼" });
    await code.waitFor();
    assert(await code.evaluate((image) => (image as HTMLImageElement).decode().then(() => true)));
    const url = await teacher.locator("[data-part=url]").innerText();
    await teacher.getByRole("link", { name: "回到聊天室" }).click();
    await connected(teacher);

    const [ada, bo, cy] = [await stage.person(), await stage.person(), await stage.person()];
    await withholdDecisions(ada);
    for (const [pupil, name] of [[ada, "小安"], [bo, "小柏"], [cy, "小丁"]] as const) {
      await join(pupil, url, name);
    }
    await ada.locator(".composer textarea").fill("老師好");
    await ada.getByRole("button", { name: "傳送", exact: true }).click();
    await ada.getByText("等待主持人審核。").waitFor();
    await teacher.getByText("有 1 則訊息等你審核").waitFor();
    assertEquals(await bubble(bo, "老師好").count(), 0);
    await teacher.getByRole("button", { name: "通過" }).click();
    for (const page of [bo, cy, ada]) await bubble(page, "老師好").waitFor();
    await ada.getByText("等待主持人審核。").waitFor({ state: "detached" });

    await act(teacher, "小柏", "禁言 10 分鐘");
    await bo.locator(".composer textarea").fill("吵吵鬧鬧");
    await bo.getByRole("button", { name: "傳送", exact: true }).click();
    await bo.getByText("你目前被禁言。").first().waitFor();
    await act(teacher, "小丁", "禁止進入這個聊天室");
    await cy.getByText("主持人已禁止你進入這個聊天室。").waitFor();
    await cy.reload();
    await cy.getByText("主持人已禁止你進入這個聊天室。").waitFor();
    await send(teacher, "上課了");
    await bubble(teacher, "上課了").and(teacher.locator("[data-state=recorded]")).waitFor();
    const lines = (await Deno.readTextFile(rows)).trim().split("\r\n").slice(1);
    assertEquals(lines.map((line) => line.split(",").slice(2, 4)), [
      ["小安", "老師好"],
      ["老師", "上課了"],
    ]);
  },
  async (undo) => {
    const directory = await Deno.makeTempDir();
    undo.defer(() => Deno.remove(directory, { recursive: true }));
    return { logCsvPath: rows = `${directory}/ChatLogs.csv` };
  },
);

browserTest(
  "A host works through the queue by Enter alone, though decisions are heard of before they are answered",
  async (stage) => {
    await stage.account("老師");
    const teacher = await stage.signedIn("老師", "/chat/", DESK);
    const { request } = teacher.context();
    await request.post(`${stage.url}/api/rooms`, { data: { room: "class" } });
    await request.patch(`${stage.url}/api/rooms/class`, { data: { approval: true } });
    await teacher.goto(`${stage.url}/chat/class/`);
    await connected(teacher);
    const pupil = await stage.member("class", "小安");
    for (const text of ["一", "二", "三"]) await send(pupil, text);
    const approve = teacher.locator("[data-decision=approve]");
    await approve.nth(2).waitFor();
    await teacher.route(/\/pending\//, async (route) => {
      const response = await route.fetch();
      const id = route.request().url().split("/").at(-1);
      await teacher.locator(`.queue__row[data-id="${id}"]`).waitFor({ state: "detached" });
      await route.fulfill({ response });
    });
    await approve.first().focus();
    for (const left of [2, 1, 0]) {
      await teacher.keyboard.press("Enter");
      await approve.nth(left).waitFor({ state: "detached" });
      if (left) await teacher.locator("[data-decision=approve]:focus").waitFor();
    }
    for (const text of ["一", "二", "三"]) await bubble(pupil, text).waitFor();
  },
);
