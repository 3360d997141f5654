import type { sheets_v4 as v4 } from "googleapis";
import type { GoogleClient, GoogleRequest } from "./google_client.ts";
import { findDoubles, requestsToRemove } from "./google_doubles.ts";
import {
  emptyFirstRow,
  explainGoogleError,
  isBeyondGrid,
  isTokenRefused,
  missingTab,
} from "./google_errors.ts";
import type { ServiceAccountKey } from "./google_key.ts";
import { parseRange } from "./google_ranges.ts";
import { HEADER, type IdRange, type Mark, type Notice, type Row, type Sheet, SheetError } from "./sheet.ts";

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
 * Rows in one tab of a Google spreadsheet, in its columns A to E. {@link Mark.position} is the row's number,
 * counted from 1.
 *
 * People own the tab: they may translate the header, sort, insert and delete rows. What must stay is the order of
 * the columns, and no row left wholly empty among the others, below which an append would not look for the end.
 */
export class GoogleSheet implements Sheet {
  readonly name: string;
  readonly #options: Required<GoogleSheetOptions>;
  #client: Promise<GoogleClient> | undefined;
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
  }

  /**
   * Makes the tab when it is missing, five columns wide, and writes the header into an empty first row; whatever
   * else stands in the first row is somebody's header and stays, unless it is a message's row: then the tab was made
   * again meanwhile, and the header goes above. An empty row above others is left to people. A tab as fresh as Google makes them is trimmed to
   * five columns, because empty cells count against the spreadsheet's 10 million.
   *
   * A tab that was there before is not made again: somebody has renamed or deleted it, and rows that we don't know
   * to stand may be in it.
   */
  async open(signal: AbortSignal, last?: Mark): Promise<void> {
    this.#end ??= last?.position;
    if (this.#strayed) await this.#demandNotThere(this.#strayed, signal);
    const tab = await this.#findTab(signal);
    if (!tab) {
      if (this.#wasOpen) throw missingTab(this.#options.tab);
      await this.#addTab(signal);
    } else {
      const isFresh = tab.rows <= FRESH.rows && tab.columns === FRESH.columns;
      const { values } = await this.#read(isFresh ? undefined : FIRST_ROW, "ROWS", signal) ?? { values: [] };
      if ((isFresh && values.length === 0) || tab.columns < HEADER.length) {
        await this.#setColumns(tab.sheetId, signal);
      }
      this.#wasOpen = true;
      if (isFilled(values[0])) {
        if (ULID.test(values[0][ID_INDEX] ?? "")) await this.#insertHeader(tab.sheetId, signal);
        return;
      }
      const below = await this.#read(SECOND_ROWS, "ROWS", signal);
      // An append to an empty first row doesn't look what stands below it.
      if (below?.values.some(isFilled)) throw emptyFirstRow(this.#options.tab);
    }
    await this.#call(signal, (api, options) =>
      api.spreadsheets.values.update({
        spreadsheetId: this.#options.spreadsheetId,
        range: this.#range(FIRST_ROW),
        valueInputOption: "RAW",
        requestBody: { values: [[...HEADER]] },
        fields: "updatedRows",
      }, options));
    this.#wasOpen = true;
  }

  async append(rows: readonly Row[], signal: AbortSignal): Promise<Mark> {
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
    from: Mark | undefined,
    signal: AbortSignal,
  ): Promise<{ standing: ReadonlySet<string>; last: Mark | undefined }> {
    if (from) {
      const column = await this.#readIds(from.position, signal);
      const found = within(column, from.position, ids);
      if (column[0] === from.id && found.standing.size === ids.size) return found;
    }
    // Somebody may have sorted the tab so that the mark's row happens to stand where it stood.
    return within(await this.#readIds(1, signal), 1, ids);
  }

  async removeDoubles(ids: IdRange, signal: AbortSignal): Promise<number> {
    const doubles = findDoubles(await this.#readIds(1, signal), ids);
    const tab = doubles && await this.#findTab(signal);
    if (!tab) return 0;
    await this.#change(requestsToRemove(doubles, { sheetId: tab.sheetId, idColumn: ID_INDEX }), signal);
    return doubles.count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    (await this.#client?.catch(() => undefined))?.[Symbol.dispose]();
  }

  async #findTab(signal: AbortSignal): Promise<Tab | undefined> {
    const { sheets } = await this.#call(signal, (api, options) =>
      api.spreadsheets.get({
        spreadsheetId: this.#options.spreadsheetId,
        fields: "sheets.properties(sheetId,title,gridProperties(rowCount,columnCount))",
      }, options));
    if (!sheets) throw new Error("Google's answer to a look at the spreadsheet isn't one");
    const properties = sheets.find((sheet) => sheet.properties?.title === this.#options.tab)?.properties;
    return properties && {
      sheetId: properties.sheetId ?? 0,
      rows: properties.gridProperties?.rowCount ?? 0,
      columns: properties.gridProperties?.columnCount ?? 0,
    };
  }

  /** One append. After a 401 it is sent again only when a look has shown that none of the rows stand. */
  async #send(rows: readonly Row[], signal: AbortSignal): Promise<v4.Schema$AppendValuesResponse> {
    const client = await this.#connect();
    const request: GoogleRequest<v4.Schema$AppendValuesResponse> = (api, options) =>
      api.spreadsheets.values.append({
        spreadsheetId: this.#options.spreadsheetId,
        // The first row alone: Google looks for the end of the table that it belongs to.
        range: this.#range(FIRST_ROW),
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
      if (!isTokenRefused(error)) throw this.#explain(error, signal, "refused");
    }
    const { standing } = await this.find(new Set(rows.map((row) => row[ID_INDEX])), undefined, signal);
    if (standing.size) throw new Error("Google refused an append for its token, but rows of it stand");
    try {
      return await client.callOnce(request, signal);
    } catch (error) {
      throw this.#explain(error, signal, "refused");
    }
  }

  /** Rows that Google has put elsewhere would be appended again and again: somebody has to look. */
  async #demandNotThere({ range, id }: { range: string; id: string }, signal: AbortSignal): Promise<void> {
    let page;
    try {
      page = await this.#readRange(range, "ROWS", signal);
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
    const page = await this.#read(`A${above}:${ID_COLUMN}${above}`, "ROWS", signal).catch(() => undefined);
    if (!page || page.values.some(isFilled)) return;
    this.#options.noticed({
      code: "rows_far_below",
      message:
        `Rows go to row ${firstRow} and below in the tab "${this.#options.tab}", because something stands ` +
        `beside them down to row ${above}, such as checkboxes or formulas: clear it where there are no rows, or ` +
        "move it to another tab.",
    });
  }

  /** Puts the header above a first row that is a message's. */
  #insertHeader(sheetId: number, signal: AbortSignal): Promise<unknown> {
    const values = HEADER.map((stringValue) => ({ userEnteredValue: { stringValue } }));
    return this.#change([
      {
        insertDimension: {
          range: { sheetId, dimension: "ROWS", startIndex: 0, endIndex: 1 },
          inheritFromBefore: false,
        },
      },
      {
        updateCells: {
          start: { sheetId, rowIndex: 0, columnIndex: 0 },
          rows: [{ values }],
          fields: "userEnteredValue",
        },
      },
    ], signal);
  }

  /** Two rows, because Google freezes no header that is all there is. */
  #addTab(signal: AbortSignal): Promise<unknown> {
    const gridProperties = { rowCount: 2, columnCount: HEADER.length, frozenRowCount: 1 };
    return this.#change([{ addSheet: { properties: { title: this.#options.tab, gridProperties } } }], signal);
  }

  #setColumns(sheetId: number, signal: AbortSignal): Promise<unknown> {
    const properties = { sheetId, gridProperties: { columnCount: HEADER.length } };
    const fields = "gridProperties.columnCount";
    return this.#change([{ updateSheetProperties: { properties, fields } }], signal);
  }

  #change(requests: v4.Schema$Request[], signal: AbortSignal): Promise<unknown> {
    return this.#call(signal, (api, options) =>
      api.spreadsheets.batchUpdate({
        spreadsheetId: this.#options.spreadsheetId,
        requestBody: { requests },
        fields: "spreadsheetId",
      }, options));
  }

  /** The id column from row `start` on, in pages; empty when it begins below the last row. */
  async #readIds(start: number, signal: AbortSignal): Promise<string[]> {
    const pages: string[][] = [];
    for (let first = start;; first += PAGE_ROWS) {
      const last = first + PAGE_ROWS - 1;
      const page = await this.#read(`${ID_COLUMN}${first}:${ID_COLUMN}${last}`, "COLUMNS", signal);
      const ids = page?.values[0] ?? [];
      pages.push(ids);
      // Google answers with the range that it has of the one asked for.
      if (page?.lastRow !== last) return pages.flat();
      // It leaves out the empty cells at the end, behind which the next page goes on.
      while (ids.length < PAGE_ROWS) ids.push("");
    }
  }

  /** The range `cells` of the tab, or all of it, and its last row; `undefined` when it begins below the last row. */
  #read(
    cells: string | undefined,
    majorDimension: "ROWS" | "COLUMNS",
    signal: AbortSignal,
  ): Promise<{ values: string[][]; lastRow: number } | undefined> {
    return this.#readRange(this.#range(cells), majorDimension, signal);
  }

  async #readRange(
    range: string,
    majorDimension: "ROWS" | "COLUMNS",
    signal: AbortSignal,
  ): Promise<{ values: string[][]; lastRow: number } | undefined> {
    const { spreadsheetId } = this.#options;
    let body;
    try {
      body = await (await this.#connect()).call(
        (api, options) =>
          api.spreadsheets.values.get(
            { spreadsheetId, range, majorDimension, fields: "range,values" },
            options,
          ),
        signal,
      );
    } catch (error) {
      if (isBeyondGrid(error)) return undefined;
      throw this.#explain(error, signal, "setup");
    }
    const last = parseRange(body.range)?.lastRow;
    // Somebody else's page with a 200 must not pass for an empty tab: rows would be written a second time.
    if (!last) throw new Error("Google's answer to a read isn't one");
    return { values: body.values ?? [], lastRow: last };
  }

  async #call<T>(
    signal: AbortSignal,
    request: GoogleRequest<T>,
    refused: "refused" | "setup" = "setup",
  ): Promise<T> {
    try {
      return await (await this.#connect()).call(request, signal);
    } catch (error) {
      throw this.#explain(error, signal, refused);
    }
  }

  /** Loads Google's client when it is needed: a service that writes to a file never pays for it. */
  #connect(): Promise<GoogleClient> {
    return this.#client ??= import("./google_client.ts").then(({ GoogleClient }) =>
      new GoogleClient(this.#options)
    );
  }

  #explain(error: unknown, signal: AbortSignal, refused: "refused" | "setup"): unknown {
    if (signal.aborted) return signal.reason;
    const { tab, spreadsheetId, key: { clientEmail } } = this.#options;
    return explainGoogleError(error, { name: this.name, tab, spreadsheetId, clientEmail, refused });
  }

  /** The range `cells` of the tab, or the whole tab, in A1 notation. */
  #range(cells?: string): string {
    const tab = `'${this.#options.tab.replaceAll("'", "''")}'`;
    return cells ? `${tab}!${cells}` : tab;
  }
}

interface Tab {
  readonly sheetId: number;
  readonly rows: number;
  readonly columns: number;
}

const ID_COLUMN = "E";
/** The same, counted from 0. */
const ID_INDEX = 4;
const ULID = /^[0-9A-HJKMNP-TV-Z]{26}$/;
const FIRST_ROW = `A1:${ID_COLUMN}1`;
/** Where a header that has slipped down is looked for. */
const SECOND_ROWS = `A2:${ID_COLUMN}1000`;
/** The grid that Google gives a tab which somebody adds by hand. */
const FRESH = { rows: 1000, columns: 26 };
/** About 3 MB of ids a page. */
const PAGE_ROWS = 100_000;
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
): { standing: ReadonlySet<string>; last: Mark | undefined } {
  const standing = new Set<string>();
  let last: Mark | undefined;
  column.forEach((id, index) => {
    if (!ids.has(id)) return;
    standing.add(id);
    last = { position: start + index, id };
  });
  return { standing, last };
}
