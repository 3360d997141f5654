import type { sheets_v4 as v4 } from "googleapis";
import type { GoogleRequest } from "./google_client.ts";
import { findDoubles, requestsToRemove } from "./google_doubles.ts";
import { emptyFirstRow, isTokenRefused, missingTab } from "./google_errors.ts";
import type { ServiceAccountKey } from "./service_account.ts";
import { parseRange } from "./google_ranges.ts";
import { GoogleTab, ID_COLUMN } from "./google_tab.ts";
import {
  HEADER,
  type IdRange,
  type Notice,
  type Row,
  type RowPosition,
  type Sheet,
  SheetError,
} from "../sheet.ts";

export interface GoogleSheetOptions {
  /** From the spreadsheet's URL. */
  readonly spreadsheetId: string;
  readonly tab: string;
  readonly key: ServiceAccountKey;
  /** Another origin than Google's, for a stand-in. */
  readonly apiRoot?: string;
  /**
   * How long one request may take. Google itself gives up after 180 seconds
   * (https://developers.google.com/workspace/sheets/api/limits), so a request that was given up here earlier may
   * still write its rows until then.
   */
  readonly timeoutMs?: number;
  /** Told what the operator should know. */
  readonly noticed?: (notice: Notice) => void;
}

/**
 * Rows in one tab of a Google spreadsheet, in its columns A to E. {@link RowPosition.position} is the row's number,
 * counted from 1.
 *
 * People own the tab: they may translate the header, sort, insert and delete rows. What must stay is the order of
 * the columns, and no row left wholly empty among the others, below which an append would not look for the end.
 */
export class GoogleSheet implements Sheet {
  readonly name: string;
  readonly #options: Required<GoogleSheetOptions>;
  readonly #tab: GoogleTab;
  #wasOpen = false;
  /** The last row that was written. */
  #end: number | undefined;
  /** Where Google says that it put rows, other than asked, and the id of the last one. */
  #strayed: { readonly range: string; readonly id: string } | undefined;

  constructor(options: GoogleSheetOptions) {
    this.#options = {
      apiRoot: "https://sheets.googleapis.com",
      timeoutMs: 60_000,
      noticed: () => {},
      ...options,
    };
    this.name = `Google Sheet ${options.tab}`;
    this.#tab = new GoogleTab(this.name, this.#options);
  }

  /**
   * Makes the tab when it is missing, five columns wide, and writes the header into an empty first row; whatever
   * else stands in the first row is somebody's header and stays, unless it is a message's row: then the tab was made
   * again meanwhile, and the header goes above. An empty row above others is left to people. A tab as fresh as Google
   * makes them is trimmed to five columns, because empty cells count against the spreadsheet's 10 million.
   *
   * A tab that was there before is not made again: somebody has renamed or deleted it, and rows that we don't know
   * to stand may be in it.
   */
  async open(signal: AbortSignal, last?: RowPosition): Promise<void> {
    this.#end ??= last?.position;
    if (this.#strayed) await this.#demandNotThere(this.#strayed, signal);
    const tab = await this.#tab.findTab(signal);
    if (!tab) {
      if (this.#wasOpen) throw missingTab(this.#options.tab);
      await this.#tab.addTab(signal);
    } else {
      const isFresh = tab.rows <= FRESH.rows && tab.columns === FRESH.columns;
      const { values } = await this.#tab.read(isFresh ? undefined : FIRST_ROW, "ROWS", signal) ??
        { values: [] };
      if ((isFresh && values.length === 0) || tab.columns < HEADER.length) {
        await this.#tab.setColumns(tab.sheetId, signal);
      }
      this.#wasOpen = true;
      if (isFilled(values[0])) {
        if (ULID.test(values[0][ID_INDEX] ?? "")) await this.#tab.insertHeader(tab.sheetId, signal);
        return;
      }
      const below = await this.#tab.read(SECOND_ROWS, "ROWS", signal);
      // An append to an empty first row doesn't look what stands below it.
      if (below?.values.some(isFilled)) throw emptyFirstRow(this.#options.tab);
    }
    await this.#tab.call(signal, (api, options) =>
      api.spreadsheets.values.update({
        spreadsheetId: this.#options.spreadsheetId,
        range: this.#tab.range(FIRST_ROW),
        valueInputOption: "RAW",
        requestBody: { values: [[...HEADER]] },
        fields: "updatedRows",
      }, options));
    this.#wasOpen = true;
  }

  async append(rows: readonly Row[], signal: AbortSignal): Promise<RowPosition> {
    const { updates } = await this.#send(rows, signal);
    const id = rows[rows.length - 1][ID_INDEX];
    const range = parseRange(updates?.updatedRange);
    const isWhole = range && range.lastRow - range.firstRow + 1 === rows.length &&
      (updates?.updatedRows ?? rows.length) === rows.length;
    if (!isWhole) throw new Error("Google's answer to an append doesn't say where all of the rows stand");
    const isHere = range.firstColumn === "A" && range.lastColumn === ID_COLUMN &&
      range.tab.toLowerCase() === this.#options.tab.toLowerCase();
    if (!isHere) {
      this.#strayed = { range: String(updates?.updatedRange), id };
      throw new Error(`Google answers that it put rows where none belong: ${this.#strayed.range}`);
    }
    // Somebody has emptied the tab, or made it again: the header comes when it is opened.
    if (range.firstRow === 1) throw new Error(`The tab "${this.#options.tab}" had no header`);
    if (range.firstRow !== (this.#end ?? 0) + 1) await this.#watchGap(range.firstRow, signal);
    this.#end = range.lastRow;
    return { position: range.lastRow, id };
  }

  async find(
    ids: ReadonlySet<string>,
    from: RowPosition | undefined,
    signal: AbortSignal,
  ): Promise<{ standing: ReadonlySet<string>; last: RowPosition | undefined }> {
    if (from) {
      const column = await this.#tab.readIds(from.position, signal);
      const found = within(column, from.position, ids);
      if (column[0] === from.id && found.standing.size === ids.size) return found;
    }
    // Somebody may have sorted the tab so that the mark's row happens to stand where it stood.
    return within(await this.#tab.readIds(1, signal), 1, ids);
  }

  async removeDoubles(ids: IdRange, signal: AbortSignal): Promise<number> {
    const doubles = findDoubles(await this.#tab.readIds(1, signal), ids);
    const tab = doubles && await this.#tab.findTab(signal);
    if (!tab) return 0;
    await this.#tab.change(requestsToRemove(doubles, { sheetId: tab.sheetId, idColumn: ID_INDEX }), signal);
    return doubles.count;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#tab[Symbol.asyncDispose]();
  }

  /** One append. After a 401 it is sent again only when a look has shown that none of the rows stand. */
  async #send(rows: readonly Row[], signal: AbortSignal): Promise<v4.Schema$AppendValuesResponse> {
    const client = await this.#tab.connect();
    const request: GoogleRequest<v4.Schema$AppendValuesResponse> = (api, options) =>
      api.spreadsheets.values.append({
        spreadsheetId: this.#options.spreadsheetId,
        // The first row alone: Google looks for the end of the table that it belongs to.
        range: this.#tab.range(FIRST_ROW),
        // USER_ENTERED would run what people type as formulas.
        valueInputOption: "RAW",
        // The default, OVERWRITE, loses rows when two appends run at once.
        insertDataOption: "INSERT_ROWS",
        includeValuesInResponse: false,
        requestBody: { values: rows.map((row) => row.map((cell) => cell || BLANK)) },
        fields: "updates(updatedRange,updatedRows)",
      }, options);
    try {
      return await client.callOnce(request, signal);
    } catch (error) {
      if (!isTokenRefused(error)) throw this.#tab.explain(error, signal, "refused");
    }
    const { standing } = await this.find(new Set(rows.map((row) => row[ID_INDEX])), undefined, signal);
    if (standing.size) throw new Error("Google refused an append for its token, but rows of it stand");
    try {
      return await client.callOnce(request, signal);
    } catch (error) {
      throw this.#tab.explain(error, signal, "refused");
    }
  }

  /** Rows that Google has put elsewhere would be appended again and again: somebody has to look. */
  async #demandNotThere({ range, id }: { range: string; id: string }, signal: AbortSignal): Promise<void> {
    let page;
    try {
      page = await this.#tab.readRange(range, "ROWS", signal);
    } catch (error) {
      // Such a place isn't there. What else is wrong shows when the tab is looked at.
      if (!(error instanceof SheetError && error.kind === "setup")) throw error;
    }
    if (page?.values.some((row) => row[ID_INDEX] === id)) {
      throw new SheetError(
        "setup",
        `Google put rows into ${range} instead of columns A to E of the tab "${this.#options.tab}": ` +
          "let the header begin in A1, and delete these rows.",
      );
    }
    this.#strayed = undefined;
  }

  /** Tells the operator when rows begin below an empty row, which nobody finds who scrolls to the end of the others. */
  async #watchGap(firstRow: number, signal: AbortSignal): Promise<void> {
    const above = firstRow - 1;
    // The rows stand, whatever becomes of this look.
    const page = await this.#tab.read(`A${above}:${ID_COLUMN}${above}`, "ROWS", signal).catch(() =>
      undefined
    );
    if (!page || page.values.some(isFilled)) return;
    this.#options.noticed({
      code: "rows_far_below",
      message:
        `Rows go to row ${firstRow} and below in the tab "${this.#options.tab}", because something stands ` +
        `beside them down to row ${above}, such as checkboxes or formulas: clear it where there are no rows, or ` +
        "move it to another tab.",
    });
  }
}

/** The id's column, counted from 0. */
const ID_INDEX = 4;
const ULID = /^[0-9A-HJKMNP-TV-Z]{26}$/;
const FIRST_ROW = `A1:${ID_COLUMN}1`;
/** Where a header that has slipped down is looked for. */
const SECOND_ROWS = `A2:${ID_COLUMN}1000`;
/** The grid that Google gives a tab which somebody adds by hand. */
const FRESH = { rows: 1000, columns: 26 };
/** Stands in an empty cell's place, because a table could end at a column of empty cells. */
const BLANK = " ";

/** Whether one of the columns A to E holds something. */
function isFilled(row: readonly string[] | undefined): row is readonly string[] {
  return row?.slice(0, HEADER.length).some((cell) => cell !== "") ?? false;
}

/** Which of `ids` stand in a piece of the id column that begins at row `start`, and the last row of one. */
function within(
  column: readonly string[],
  start: number,
  ids: ReadonlySet<string>,
): { standing: ReadonlySet<string>; last: RowPosition | undefined } {
  const standing = new Set<string>();
  let last: RowPosition | undefined;
  column.forEach((id, index) => {
    if (!ids.has(id)) return;
    standing.add(id);
    last = { position: start + index, id };
  });
  return { standing, last };
}
