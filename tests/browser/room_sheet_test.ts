import { assertEquals } from "@std/assert";
import { GoogleSheets } from "../fakes/google_sheets.ts";
import { browserTest, connected, send } from "../support/browser.ts";

let google: GoogleSheets;

browserTest(
  "A teacher gives the class a spreadsheet in the settings, is told what keeps rows out of it, and goes back",
  async (stage) => {
    const theirs = google.add("1Class");
    await stage.account("小安");
    const ada = await stage.signedIn("小安", "/chat/3A/");
    await connected(ada);
    await ada.goto(`${stage.url}/chat/3A/settings/`);
    const sheet = ada.getByRole("region", { name: "這個聊天室專用的試算表" });
    await sheet.getByText(google.key.client_email).waitFor();
    await sheet.getByLabel("試算表的網址").fill("https://docs.google.com/spreadsheets/d/1Class/edit#gid=0");
    await sheet.getByLabel("分頁").fill("三年甲班");
    await sheet.getByRole("button", { name: "檢查並使用" }).click();
    await sheet.getByText(/請把試算表 1Class 以「編輯者」身分與 .+ 共用/).waitFor();
    google.share("writer", "1Class");
    await sheet.getByRole("button", { name: "檢查並使用" }).click();
    await sheet.getByText("可以寫入。之後的訊息會寫進這份試算表。").waitFor();
    assertEquals(await sheet.getByLabel("試算表的網址").inputValue(), "1Class");
    await ada.goto(stage.room("3A"));
    await connected(ada);
    await send(ada, "老師好");
    await ada.locator(".message[data-state=recorded]").waitFor();
    assertEquals(theirs.tab("三年甲班")?.rows[1][3], "老師好");
    await ada.goto(`${stage.url}/chat/3A/settings/`);
    await sheet.getByRole("button", { name: "改回所有聊天室共用的試算表" }).click();
    await sheet.getByText("之後的訊息會寫進所有聊天室共用的試算表。").waitFor();
    assertEquals(await sheet.getByLabel("試算表的網址").inputValue(), "");
  },
  async (undo) => {
    google = undo.use(await GoogleSheets.start());
    return {
      googleSheetId: google.spreadsheetId,
      googleCredsJson: JSON.stringify(google.key),
      googleApiRoot: google.url,
    };
  },
);
