/** Which sheet rows go to. */
import { CsvFile } from "./csv_file.ts";
import { GoogleAccount } from "./google/google_account.ts";
import { readSignIn, type SignInChoice } from "./google/sign_in.ts";
import { GoogleSheet } from "./google/google_sheet.ts";
import { FILE_PACE, GOOGLE_PACE, type PaceOptions } from "./delivery/pace.ts";
import { CHANGES_HEADER, type Notice, type Row, type Sheet } from "./sheet.ts";

/** The configuration of the sheet. */
export interface SheetChoice extends SignInChoice {
  /** Undefined: rows go to the CSV file. */
  readonly googleSheetId: string | undefined;
  readonly googleSheetName: string;
  /** The columns of messages, `id` among them. */
  readonly sheetColumns: Row;
  readonly googleApiRoot: string;
  readonly logCsvPath: string;
  /** Whether a new CSV file begins with a byte order mark. */
  readonly logCsvBom: boolean;
}

/** Where rows go: messages, and what is done to them, in two files or two tabs of one spreadsheet. */
export interface Sheets extends AsyncDisposable {
  readonly sheet: Sheet;
  /** The columns of messages. */
  readonly columns: Row;
  readonly changes: Sheet;
  /** How fast rows may be written to both together. */
  readonly pace: PaceOptions;
}

/**
 * The sheets, not yet opened. `noticed` is called with what the operator should know.
 *
 * @throws {TypeError} when the credentials can't be read.
 */
export async function openSheet(
  choice: SheetChoice,
  noticed: (notice: Notice) => void,
): Promise<Sheets> {
  const { sheetColumns: header, googleSheetId, googleSheetName, googleApiRoot: apiRoot } = choice;
  if (!googleSheetId) {
    const { logCsvPath: path, logCsvBom: bom } = choice;
    return {
      columns: header,
      sheet: new CsvFile({ path, header, bom, noticed }),
      changes: new CsvFile({ path: changesPath(path), header: CHANGES_HEADER, bom, noticed }),
      pace: FILE_PACE,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const account = new GoogleAccount({ signIn: await readSignIn(choice), apiRoot });
  const options = { spreadsheetId: googleSheetId, account, noticed };
  return {
    columns: header,
    sheet: new GoogleSheet({ ...options, header, tab: googleSheetName }),
    changes: new GoogleSheet({ ...options, tab: `${googleSheetName} changes`, header: CHANGES_HEADER }),
    pace: GOOGLE_PACE,
    [Symbol.asyncDispose]: () => account[Symbol.asyncDispose](),
  };
}

/** `data/ChatLogs.csv` → `data/ChatLogs.changes.csv` */
function changesPath(path: string): string {
  return `${path.replace(/\.csv$/i, "")}.changes.csv`;
}
