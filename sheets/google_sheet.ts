import type { sheets_v4 as v4 } from "googleapis";
import type { GoogleClient, GoogleRequest } from "./google_client.ts";
import { explainGoogleError, isBeyondGrid, missingTab } from "./google_errors.ts";
import type { ServiceAccountKey } from "./google_key.ts";
import { HEADER, type IdRange, type Mark, type Notice, type Row, type Sheet } from "./sheet.ts";

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
   * else stands in the first row is somebody's header and stays. A tab as fresh as Google makes them is trimmed to
   * five columns, because empty cells count against the spreadsheet's 10 million.
   *
   * A tab that was there before is not made again: somebody has renamed or deleted it, and rows that we don't know
   * to stand may be in it.
   */
  async open(signal: AbortSignal): Promise<void> {
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
      if (values[0]?.some((cell) => cell !== "")) return;
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
    const { updates } = await this.#call(signal, (api, options) =>
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
        fields: "updates.updatedRange",
      }, options), "refused");
    const position = lastRow(updates?.updatedRange);
    if (!position) throw new Error("Google's answer to an append doesn't say where the rows stand");
    return { position, id: rows[rows.length - 1][4] };
  }

  async find(
    ids: ReadonlySet<string>,
    from: Mark | undefined,
    signal: AbortSignal,
  ): Promise<{ standing: ReadonlySet<string>; last: Mark | undefined }> {
    const standing = new Set<string>();
    let last: Mark | undefined;
    let first: number | undefined = from?.position ?? 1;
    while (first) {
      const start: number = first;
      const page = await this.#readIds(start, signal);
      if (start === from?.position && page.ids[0] !== from.id) return this.find(ids, undefined, signal);
      page.ids.forEach((id, index) => {
        if (!ids.has(id)) return;
        standing.add(id);
        last = { position: start + index, id };
      });
      first = page.next;
    }
    return { standing, last };
  }

  /** Google itself takes the doubles out, so that what people do to the tab meanwhile can't mislead us. */
  async removeDoubles(ids: IdRange, from: Mark | undefined, signal: AbortSignal): Promise<number> {
    const firstAt = new Map<string, number>();
    const doubled = new Map<string, number>();
    for (let first: number | undefined = from?.position ?? 1; first;) {
      const start: number = first;
      const page = await this.#readIds(start, signal);
      if (start === from?.position && page.ids[0] !== from.id) {
        return this.removeDoubles(ids, undefined, signal);
      }
      for (const [index, id] of page.ids.entries()) {
        if (id < ids.first || id > ids.last) continue;
        const at = firstAt.get(id);
        if (at === undefined) firstAt.set(id, start + index);
        else doubled.set(id, at);
      }
      first = page.next;
    }
    const tab = doubled.size ? await this.#findTab(signal) : undefined;
    if (!tab) return 0;
    const { sheetId } = tab;
    const range = { sheetId, startRowIndex: Math.min(...doubled.values()) - 1 };
    const comparisonColumns = [{ sheetId, dimension: "COLUMNS", startIndex: 0, endIndex: HEADER.length }];
    await this.#change({ deleteDuplicates: { range, comparisonColumns } }, signal);
    return doubled.size;
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

  /** Two rows, because Google freezes no header that is all there is. */
  #addTab(signal: AbortSignal): Promise<unknown> {
    const gridProperties = { rowCount: 2, columnCount: HEADER.length, frozenRowCount: 1 };
    return this.#change({ addSheet: { properties: { title: this.#options.tab, gridProperties } } }, signal);
  }

  #setColumns(sheetId: number, signal: AbortSignal): Promise<unknown> {
    const properties = { sheetId, gridProperties: { columnCount: HEADER.length } };
    const fields = "gridProperties.columnCount";
    return this.#change({ updateSheetProperties: { properties, fields } }, signal);
  }

  #change(request: v4.Schema$Request, signal: AbortSignal): Promise<unknown> {
    return this.#call(signal, (api, options) =>
      api.spreadsheets.batchUpdate({
        spreadsheetId: this.#options.spreadsheetId,
        requestBody: { requests: [request] },
        fields: "spreadsheetId",
      }, options));
  }

  /** A page of the id column from row `start` on, and the row at which the next page begins, if any. */
  async #readIds(start: number, signal: AbortSignal): Promise<{ ids: string[]; next: number | undefined }> {
    const next = start + PAGE_ROWS;
    const page = await this.#read(`${ID_COLUMN}${start}:${ID_COLUMN}${next - 1}`, "COLUMNS", signal);
    // Google answers with the range that it has of the one asked for.
    return { ids: page?.values[0] ?? [], next: page?.lastRow === next - 1 ? next : undefined };
  }

  /** The range `cells` of the tab, or all of it, and its last row; `undefined` when it begins below the last row. */
  async #read(
    cells: string | undefined,
    majorDimension: "ROWS" | "COLUMNS",
    signal: AbortSignal,
  ): Promise<{ values: string[][]; lastRow: number } | undefined> {
    const { spreadsheetId } = this.#options;
    const range = this.#range(cells);
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
    const last = lastRow(body.range);
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
const FIRST_ROW = `A1:${ID_COLUMN}1`;
/** The grid that Google gives a tab which somebody adds by hand. */
const FRESH = { rows: 1000, columns: 26 };
/** About 3 MB of ids a page. */
const PAGE_ROWS = 100_000;
/** Stands in an empty cell's place, because a table could end at a column of empty cells. */
const BLANK = " ";

/** The last row's number in a range such as `'My tab'!A2:E4` or `Log!E7`. */
function lastRow(range: string | null | undefined): number | undefined {
  const match = /!.*?(\d+)$/.exec(range ?? "");
  return match ? Number(match[1]) : undefined;
}
