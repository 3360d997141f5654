import { CsvFile } from "../../sheets/csv_file.ts";
import { toCsv } from "../../sheets/csv_text.ts";
import { GoogleAccount } from "../../sheets/google/google_account.ts";
import { GoogleSheet } from "../../sheets/google/google_sheet.ts";
import type { Row } from "../../sheets/sheet.ts";
import { GoogleSheets } from "../fakes/google_sheets.ts";
import { type SheetPlace, testSheet } from "../support/sheet_contract.ts";
import { signInOf } from "../support/sheet_google.ts";
import { parseCsv } from "../support/sheet_rows.ts";

testSheet("CsvFile", async (header): Promise<SheetPlace> => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/log/ChatLogs.csv`;
  const look = async () => parseCsv(await Deno.readTextFile(path));
  return {
    sheet: () => new CsvFile({ path, header }),
    look,
    async edit(change) {
      const [header, ...rows] = await look();
      await Deno.writeTextFile(path, toCsv([header, ...change(rows)] as unknown as Row[]));
    },
    shown: (text) => /^[\s"]*[=+\-@＝]|^"*[\t\r\n]/.test(text) ? `'${text}` : text,
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
});

testSheet("GoogleSheet", async (header): Promise<SheetPlace> => {
  const google = await GoogleSheets.start();
  const account = new GoogleAccount({ signIn: signInOf(google), apiRoot: google.url });
  const tab = "Chat's logs";
  return {
    sheet: () => new GoogleSheet({ spreadsheetId: google.spreadsheetId, tab, header, account }),
    look: () => Promise.resolve(structuredClone(google.rows(tab))),
    edit(change) {
      const [header, ...rows] = google.rows(tab);
      google.tab(tab).rows = [header, ...change(rows)];
      return Promise.resolve();
    },
    shown: (text) => text,
    async [Symbol.asyncDispose]() {
      await account[Symbol.asyncDispose]();
      await google[Symbol.asyncDispose]();
    },
  };
});
