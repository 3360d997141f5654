import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, type StageService, TOKEN } from "../support/browser.ts";
import { pastText, writePast } from "../support/past.ts";
import { type ServiceProcess, startProcess } from "../support/process.ts";
import { sheetsOf } from "../support/workbook.ts";

const MESSAGES = 30_000;
const PATIENCE = { timeout: 30_000 };

/** A service in a process of its own, at one address, with a room that has a long past. */
class KilledService implements StageService {
  #env: Record<string, string> = {};
  #process: ServiceProcess | undefined;

  async open(directory: string): Promise<{ url: string; stop: () => Promise<void> }> {
    this.#env = {
      KV_PATH: `${directory}/t.db`,
      LOG_CSV_PATH: `${directory}/ChatLogs.csv`,
      SERVICE_TOKEN: TOKEN,
      PORT: String(freePort()),
    };
    using kv = await Deno.openKv(this.#env.KV_PATH);
    await writePast(kv, "客服", MESSAGES);
    await this.start();
    return { url: `http://127.0.0.1:${this.#env.PORT}`, stop: () => this.kill() };
  }

  async start(): Promise<void> {
    this.#process = await startProcess(this.#env);
  }

  /** As `kill -9` does. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }
}

function freePort(): number {
  using listener = Deno.listen({ port: 0 });
  return listener.addr.port;
}

/** Fills the form and sends it. */
async function ask(page: Page, room: string, type: "transcript" | "activity"): Promise<void> {
  await page.getByLabel("聊天室", { exact: true }).fill(room);
  await page.getByLabel("種類").selectOption(type);
  await page.getByRole("button", { name: "開始製作" }).click();
}

/** Clicks a link, and answers the file's name and its bytes. */
async function download(page: Page, link: string): Promise<[string, Uint8Array]> {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: link }).click(),
  ]);
  return [file.suggestedFilename(), await Deno.readFile(await file.path())];
}

const service = new KilledService();

browserTest(
  "A report's bar goes on where it was when the service is killed and started, and its file has the right rows",
  async (stage) => {
    await stage.account("小安");
    const page = await stage.signedIn("小安", "/reports/");
    await page.getByText("還沒有報表。").waitFor();
    await ask(page, "客服", "transcript");
    const bar = page.getByRole("progressbar", { name: "客服　對話紀錄 的進度" });
    const value = async (): Promise<number> =>
      await bar.evaluate((bar) => (bar as HTMLProgressElement).value);
    await page.waitForFunction(() => Number(document.querySelector("progress")?.value) >= 20, null, PATIENCE);
    await service.kill();
    const before = await value();
    assert(before >= 20 && before < 100, String(before));
    await page.getByText("連線中斷，正在重新連線。報表會繼續製作。").waitFor();
    assertEquals(await value(), before);
    await service.start();
    // It goes on while somebody watches, and never goes back.
    await page.waitForFunction(
      (before) => {
        const { value = 0, hidden = false } = document.querySelector("progress") ?? {};
        if (value < before) throw new Error(`The bar went back from ${before} to ${value}`);
        return hidden || value > before;
      },
      before,
      PATIENCE,
    );
    await page.getByText("已完成，共 30,000 則訊息").waitFor(PATIENCE);
    assertEquals(await bar.count(), 0);
    const [name, bytes] = await download(page, "下載 XLSX");
    assert(/^客服-transcript-\d{4}-\d\d-\d\d\.xlsx$/.test(name), name);
    const { Messages: [, ...rows] } = await sheetsOf(bytes);
    assertEquals(rows.map((row) => row[3]), Array.from({ length: MESSAGES }, (_, i) => pastText(i)));
    const [csvName, csv] = await download(page, "下載 CSV");
    assert(csvName.endsWith(".csv"));
    assertEquals(new TextDecoder().decode(csv).split("\r\n").length, MESSAGES + 2);
    await ask(page, "客服", "transcript");
    await page.getByRole("button", { name: "取消 客服　對話紀錄" }).click();
    await page.getByText("已取消").waitFor();
  },
  service,
);

browserTest(
  "People ask for reports, cancel and delete them, are told what is wrong, and see nobody else's",
  async (stage) => {
    await stage.account("小安");
    await stage.account("小柏");
    await stage.say("lobby", "=1+1", "店員");
    const page = await stage.signedIn("小安", "/account/");
    await page.getByRole("link", { name: "報表" }).click();
    await ask(page, "沒有人來過", "activity");
    await page.getByText("這個聊天室在這段期間沒有訊息，請檢查聊天室名稱與日期。").waitFor();
    // Nothing can be downloaded or cancelled that isn't there.
    assertEquals(await page.locator(".report__actions > :visible").allInnerTexts(), ["刪除"]);
    await page.getByRole("button", { name: /^刪除/ }).click();
    await page.getByText("還沒有報表。").waitFor();

    await page.getByLabel("開始日期").fill("2026-03-02");
    await page.getByLabel("結束日期").fill("2026-03-01");
    await ask(page, "lobby", "transcript");
    await page.getByText("開始日期必須早於結束日期，且不能是未來。").waitFor();
    await page.getByLabel("開始日期").fill("");
    await page.getByLabel("結束日期").fill("");
    await ask(page, "lobby", "activity");
    await page.getByText("已完成，共 1 則訊息").waitFor();
    assertEquals(await page.getByRole("link", { name: "下載 CSV" }).count(), 0);
    const [name, bytes] = await download(page, "下載 XLSX");
    assert(name.startsWith("lobby-activity-"));
    assertEquals((await sheetsOf(bytes))["每人訊息"][1].slice(0, 2), ["店員", "1"]);
    const link = await page.getByRole("link", { name: "下載 XLSX" }).getAttribute("href");

    const bo = await stage.signedIn("小柏", "/reports/");
    await bo.getByText("還沒有報表。").waitFor();
    assertEquals((await bo.goto(stage.url + link))?.status(), 404);
    await bo.getByText("找不到這個頁面").waitFor();
    const stranger = await stage.person();
    await stranger.goto(stage.url + link);
    await stranger.waitForURL(/\/account\/sign-in\//);

    // Another tab hears of it, too.
    const phone = await page.context().newPage();
    await phone.goto(`${stage.url}/reports/`);
    await phone.getByText("已完成，共 1 則訊息").waitFor();
    await ask(page, "lobby", "transcript");
    await phone.getByText("lobby　對話紀錄").waitFor();
    await phone.getByRole("link", { name: "下載 CSV" }).waitFor();
    assertEquals(await phone.locator(".report__name").allInnerTexts(), [
      "lobby　對話紀錄",
      "lobby　活動統計",
    ]);
  },
);
