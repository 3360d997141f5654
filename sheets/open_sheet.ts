/** Which sheet rows go to. */
import { CsvFile } from "./csv_file.ts";
import { readServiceAccountKey } from "./google/service_account.ts";
import { GoogleSheet } from "./google/google_sheet.ts";
import { FILE_PACE, GOOGLE_PACE, type PaceOptions } from "./delivery/pace.ts";
import type { Notice, Sheet } from "./sheet.ts";

/** The configuration of the sheet. */
export interface SheetChoice {
  /** Undefined: rows go to the CSV file. */
  readonly googleSheetId: string | undefined;
  readonly googleSheetName: string;
  readonly googleCredsPath: string;
  readonly googleCredsJson: string | undefined;
  readonly googleApiRoot: string;
  readonly logCsvPath: string;
  /** Whether a new CSV file begins with a byte order mark. */
  readonly logCsvBom: boolean;
}

/**
 * The sheet, not yet opened, and how fast rows may be written to it. `noticed` is called with what the operator should know.
 *
 * @throws {TypeError} when the service account's key can't be read.
 */
export async function openSheet(
  choice: SheetChoice,
  noticed: (notice: Notice) => void,
): Promise<{ sheet: Sheet; pace: PaceOptions }> {
  const { googleSheetId, googleSheetName, googleCredsJson, googleCredsPath, googleApiRoot } = choice;
  if (!googleSheetId) {
    const { logCsvPath: path, logCsvBom: bom } = choice;
    return { sheet: new CsvFile({ path, bom, noticed }), pace: FILE_PACE };
  }
  const sheet = new GoogleSheet({
    spreadsheetId: googleSheetId,
    tab: googleSheetName,
    key: await readServiceAccountKey({ json: googleCredsJson, path: googleCredsPath }),
    apiRoot: googleApiRoot,
    noticed,
  });
  return { sheet, pace: GOOGLE_PACE };
}
