/** Which sheets rows go to. */
import { CsvFile } from "./csv_file.ts";
import { GoogleAccount } from "./google/google_account.ts";
import { readSignIn, type SignInChoice } from "./google/sign_in.ts";
import { GoogleSheet } from "./google/google_sheet.ts";
import type { RequestBudget } from "./google/request_budget.ts";
import { FILE_PACE, GOOGLE_PACE, type PaceOptions } from "./delivery/pace.ts";
import { PROOF } from "./proofs/proof.ts";
import { CHANGES_HEADER, type Notice, type Row, type Sheet } from "./sheet.ts";

/** The configuration of the sheets. */
export interface SheetChoice extends SignInChoice {
  /** Undefined: rows go to the CSV file. */
  readonly googleSheetId: string | undefined;
  /** The tab; `{room}`, `{month}` and `{year}` in it are those of a message. */
  readonly googleSheetName: string;
  /** The columns of messages, `id` among them. */
  readonly sheetColumns: Row;
  readonly googleApiRoot: string;
  /** The file; `{month}` and `{year}` in it are those of a message. */
  readonly logCsvPath: string;
  /** Whether a new CSV file begins with a byte order mark. */
  readonly logCsvBom: boolean;
}

/** The spreadsheet and the tab that a room has of its own. The names of fields are stored. */
export interface OwnSheet {
  /** The spreadsheet's id. */
  readonly spreadsheet: string;
  /** The tab; `{room}`, `{month}` and `{year}` in it are those of a message. */
  readonly tab: string;
}

/** Where rows go: each message, and what is done to it, to a place, which is a tab of a spreadsheet or a file. */
export interface Sheets extends AsyncDisposable {
  /** For people: that of the sheet, with the placeholders of its place. */
  readonly name: string;
  /** The id of the spreadsheet of all rooms that have none of their own; `""` for files. */
  readonly spreadsheet: string;
  /** The address with which people share a spreadsheet; `""` for files. */
  readonly email: string;
  /** The tab of rooms that have none of their own, with its placeholders; `""` for files. */
  readonly tab: string;
  /** The columns of messages, and those of changes. */
  readonly columns: Row;
  readonly changesColumns: Row;
  /** How fast rows may be written to all of them together. */
  readonly pace: PaceOptions;
  /** How many ms the next write has to wait, whoever has written before. */
  waitMs(): Promise<number>;
  /**
   * The place of a row: a file, a tab, or the id of another spreadsheet and a tab of it, on two lines. `time` is local,
   * `YYYY-MM-DD HH:MM:SS`; `own` is what the room has of its own.
   */
  placeOf(room: string, time: string, isChange: boolean, own?: OwnSheet): string;
  /** The sheet at a place, not yet opened. */
  open(place: string, isChange: boolean): Sheet;
}

/** How the name of a tab of changes ends. */
const CHANGES = " changes";
/** The longest name of a tab of messages: Google takes 100 characters, and the tab of changes has more. */
const MAX_TAB_LENGTH = 100 - CHANGES.length;

/**
 * The sheets, none of them opened. `noticed` is called with what the operator should know; `budget` counts requests to Google.
 *
 * @throws {TypeError} when the credentials can't be read.
 */
export async function openSheet(
  choice: SheetChoice,
  noticed: (notice: Notice) => void,
  budget?: RequestBudget,
): Promise<Sheets> {
  const { sheetColumns: columns, googleSheetId: spreadsheetId, googleSheetName, logCsvPath } = choice;
  const changesColumns = columns.includes(PROOF) ? [...CHANGES_HEADER, PROOF] : CHANGES_HEADER;
  if (!spreadsheetId) {
    const bom = choice.logCsvBom;
    return {
      ...{ name: `CSV file ${logCsvPath}`, spreadsheet: "", email: "", tab: "" },
      ...{ columns, changesColumns, pace: FILE_PACE, waitMs: () => Promise.resolve(0) },
      placeOf: (room, time, isChange) => {
        const path = filled(logCsvPath, room, time);
        return isChange ? changesPath(path) : path;
      },
      open: (path, isChange) =>
        new CsvFile({ path, header: isChange ? changesColumns : columns, bom, noticed }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const signIn = await readSignIn(choice);
  const account = new GoogleAccount({ signIn, apiRoot: choice.googleApiRoot, ...budget && { budget } });
  return {
    waitMs: () => budget?.waitMs("write") ?? Promise.resolve(0),
    ...{ name: `Google Sheet ${googleSheetName}`, spreadsheet: spreadsheetId, email: account.email },
    ...{ tab: googleSheetName, columns, changesColumns, pace: GOOGLE_PACE },
    placeOf: (room, time, isChange, own = { spreadsheet: spreadsheetId, tab: googleSheetName }) => {
      const tab = tabOf(filled(own.tab, room, time), own.tab) + (isChange ? CHANGES : "");
      return own.spreadsheet === spreadsheetId ? tab : own.spreadsheet + OF_OTHER + tab;
    },
    open: (place, isChange) =>
      new GoogleSheet({
        ...partsOf(place, spreadsheetId),
        ...{ header: isChange ? changesColumns : columns, account, noticed },
      }),
    [Symbol.asyncDispose]: () => account[Symbol.asyncDispose](),
  };
}

/** Stands in a place between the id of another spreadsheet and the tab: in neither of them a line can end. */
const OF_OTHER = "\n";

/** The spreadsheet and the tab of a place; `spreadsheetId` is the one that isn't named. */
export function partsOf(place: string, spreadsheetId: string): { spreadsheetId: string; tab: string } {
  const [first, second] = place.split(OF_OTHER);
  return second === undefined ? { spreadsheetId, tab: place } : { spreadsheetId: first, tab: second };
}

/** Whether a place is in a spreadsheet that a room has, or had, of its own. */
export function isOwnPlace(place: string): boolean {
  return place.includes(OF_OTHER);
}

/** A name with its placeholders replaced. */
function filled(name: string, room: string, time: string): string {
  if (!name.includes("{")) return name;
  return name.replaceAll("{room}", () => room).replaceAll("{month}", time.slice(0, 7))
    .replaceAll("{year}", time.slice(0, 4));
}

/** A tab's name that Google takes, and that isn't the one of another room's changes. */
function tabOf(name: string, template: string): string {
  if (name === template) return name;
  const own = name.toLowerCase().endsWith(CHANGES) ? `${name}_` : name;
  return own.slice(0, MAX_TAB_LENGTH);
}

/** `data/ChatLogs.csv` → `data/ChatLogs.changes.csv` */
function changesPath(path: string): string {
  return `${path.replace(/\.csv$/i, "")}.changes.csv`;
}
