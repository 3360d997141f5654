/** Requests about one tab of a Google spreadsheet. {@link GoogleSheet} is built on them. */
import type { sheets_v4 as v4 } from "googleapis";
import type { GoogleRequest } from "./google_client.ts";
import { explainGoogleError, foreignAnswer, isBeyondGrid } from "./google_errors.ts";
import { letterOf, parseRange } from "./google_ranges.ts";
import type { ServiceAccountKey } from "./service_account.ts";
import type { RequestKind } from "./request_budget.ts";
import type { GoogleSheetOptions } from "./google_sheet.ts";
import { formatRequests, headerRow } from "./google_format.ts";
import { Layout } from "../column_layout.ts";
import type { FoundRows, RowPosition } from "../sheet.ts";

/** The size of a tab. */
export interface TabSize {
  readonly sheetId: number;
  readonly rows: number;
  readonly columns: number;
  /** Whether the account may not edit all of it. */
  readonly isProtected: boolean;
}

/** The cells of a range, and the number of the last row in it. */
export interface Page {
  readonly values: string[][];
  readonly lastRow: number;
}

/** Of one spreadsheet (https://support.google.com/drive/answer/37603). */
const MAX_CELLS = 10_000_000;
/** About 3 MB of ids a page. */
const PAGE_ROWS = 100_000;

/** One tab of a Google spreadsheet. Every method throws what the methods of {@link Sheet} throw. */
export class GoogleTab {
  readonly #name: string;
  readonly #options: Required<GoogleSheetOptions>;
  /** Where our columns are: as configured, until the header is read. */
  layout: Layout;

  constructor(name: string, options: Required<GoogleSheetOptions>) {
    this.#name = name;
    this.#options = options;
    this.layout = Layout.configured(options.header);
  }

  /** The letter of the column with the ids. */
  get idColumn(): string {
    return letterOf(this.layout.id);
  }

  /** The letter of the last column of ours. */
  get lastColumn(): string {
    return letterOf(this.layout.width - 1);
  }

  get title(): string {
    return this.#options.tab;
  }

  /** The address with which a spreadsheet is shared. */
  get email(): string {
    return this.#options.account.email;
  }

  /** The key by which the account signs in, if it does. */
  get key(): ServiceAccountKey | undefined {
    return this.#options.account.key;
  }

  /** Another tab of the same spreadsheet. */
  another(tab: string): GoogleTab {
    return new GoogleTab(this.#name, { ...this.#options, tab });
  }

  /** The size of the tab; `undefined` when there is no tab of this name. */
  async findTab(signal: AbortSignal): Promise<TabSize | undefined> {
    return this.#sizeIn(await this.#describe(signal));
  }

  /** The same, for a tab that is opened for the first time: its size may be half a minute old. */
  async findKnownTab(signal: AbortSignal): Promise<TabSize | undefined> {
    const { account, spreadsheetId } = this.#options;
    const tabs = await account.tabsOf(spreadsheetId, () => this.#describe(signal));
    return this.#sizeIn(tabs) ?? await this.findTab(signal);
  }

  #sizeIn(tabs: readonly v4.Schema$Sheet[]): TabSize | undefined {
    const sheet = tabs.find(({ properties }) => isSame(properties?.title, this.#options.tab));
    if (!sheet) return undefined;
    const { sheetId, gridProperties } = sheet.properties ?? {};
    return {
      sheetId: sheetId ?? 0,
      rows: gridProperties?.rowCount ?? 0,
      columns: gridProperties?.columnCount ?? 0,
      isProtected:
        sheet.protectedRanges?.some((range) => !range.requestingUserCanEdit && !range.warningOnly) ??
          false,
    };
  }

  /** The cells of the whole spreadsheet, empty ones included, as a share of what Google allows. */
  async fullness(signal: AbortSignal): Promise<number> {
    const cells = (await this.#describe(signal)).reduce((sum, { properties }) => {
      return sum +
        (properties?.gridProperties?.rowCount ?? 0) * (properties?.gridProperties?.columnCount ?? 0);
    }, 0);
    return cells / MAX_CELLS;
  }

  async #describe(signal: AbortSignal): Promise<v4.Schema$Sheet[]> {
    const { sheets } = await this.call("read", signal, (api, options) =>
      api.spreadsheets.get({
        spreadsheetId: this.#options.spreadsheetId,
        fields: "sheets(properties(sheetId,title,gridProperties(rowCount,columnCount)),protectedRanges(" +
          "requestingUserCanEdit,warningOnly))",
      }, options));
    if (!sheets) throw foreignAnswer();
    return sheets;
  }

  /** Appends cells below the table that begins in A1, as they are. */
  appendRaw(values: string[][], signal: AbortSignal): Promise<unknown> {
    return this.call("write", signal, (api, options) =>
      api.spreadsheets.values.append({
        spreadsheetId: this.#options.spreadsheetId,
        range: this.range("A1"),
        valueInputOption: "RAW",
        requestBody: { values },
        fields: "updates(updatedRange)",
      }, options));
  }

  /** Inserts the header above the first row. */
  insertHeader(sheetId: number, signal: AbortSignal): Promise<unknown> {
    const range = { sheetId, dimension: "ROWS", startIndex: 0, endIndex: 1 };
    return this.change([
      { insertDimension: { range, inheritFromBefore: false } },
      headerRow(sheetId, this.#options.header),
    ], signal);
  }

  /** Makes the tab with its header and its format, which people may change from then on. */
  addTab(signal: AbortSignal): Promise<unknown> {
    const { tab: title, header } = this.#options;
    const sheetId = crypto.getRandomValues(new Uint32Array(1))[0] >>> 1;
    // Two rows: Google doesn't freeze a header that is the only row.
    const gridProperties = { rowCount: 2, columnCount: header.length, frozenRowCount: 1 };
    return this.change([
      { addSheet: { properties: { sheetId, title, gridProperties } } },
      headerRow(sheetId, header),
      ...formatRequests(sheetId, header),
    ], signal);
  }

  /** Makes the tab as wide as the header, unless people have done so meanwhile. */
  async widen(signal: AbortSignal): Promise<void> {
    const size = await this.findTab(signal);
    if (size && size.columns < this.layout.width) await this.setColumns(size.sheetId, signal);
  }

  /** Makes the tab as wide as the header. */
  setColumns(sheetId: number, signal: AbortSignal): Promise<unknown> {
    const properties = { sheetId, gridProperties: { columnCount: this.layout.width } };
    const fields = "gridProperties.columnCount";
    return this.change([{ updateSheetProperties: { properties, fields } }], signal);
  }

  /** Carries out all of the requests, or none. */
  change(requests: v4.Schema$Request[], signal: AbortSignal): Promise<unknown> {
    return this.call("write", signal, (api, options) =>
      api.spreadsheets.batchUpdate({
        spreadsheetId: this.#options.spreadsheetId,
        requestBody: { requests },
        fields: "spreadsheetId",
      }, options));
  }

  /** The id column, or another one, from row `start` on; empty when that is below the last row. */
  async readIds(start: number, signal: AbortSignal, column = this.layout.id): Promise<string[]> {
    const letter = letterOf(column);
    const pages: string[][] = [];
    for (let first = start;; first += PAGE_ROWS) {
      const last = first + PAGE_ROWS - 1;
      const page = await this.read(`${letter}${first}:${letter}${last}`, "COLUMNS", signal);
      const ids = page?.values[0] ?? [];
      pages.push(ids);
      // The answer names the part of the range that exists.
      if (page?.lastRow !== last) return pages.flat();
      // It leaves out empty cells at the end, and the next page continues behind them.
      while (ids.length < PAGE_ROWS) ids.push("");
    }
  }

  /** The cells of `cells`, or of the whole tab; `undefined` when the range begins below the last row. */
  read(
    cells: string | undefined,
    majorDimension: "ROWS" | "COLUMNS",
    signal: AbortSignal,
  ): Promise<Page | undefined> {
    return this.readRange(this.range(cells), majorDimension, signal);
  }

  /** Like {@link read} in rows, with numbers and dates as numbers. */
  async readRaw(cells: string, signal: AbortSignal): Promise<string[][] | undefined> {
    const page = await this.readRange(this.range(cells), "ROWS", signal, "UNFORMATTED_VALUE");
    return page?.values.map((row) => row.map(String));
  }

  /** Like {@link read}, for a range in Google's notation, with the name of its tab. */
  async readRange(
    range: string,
    majorDimension: "ROWS" | "COLUMNS",
    signal: AbortSignal,
    valueRenderOption: "FORMATTED_VALUE" | "UNFORMATTED_VALUE" = "FORMATTED_VALUE",
  ): Promise<Page | undefined> {
    const { spreadsheetId, account } = this.#options;
    await account.spend("read", signal);
    let body;
    try {
      body = await (await account.connect()).call(
        (api, options) =>
          api.spreadsheets.values.get(
            { spreadsheetId, range, majorDimension, valueRenderOption, fields: "range,values" },
            options,
          ),
        signal,
      );
    } catch (error) {
      if (isBeyondGrid(error)) return undefined;
      throw this.explain(error, signal, "setup");
    }
    const last = parseRange(body.range)?.lastRow;
    // A foreign answer with status 200 must not count as an empty tab: rows would be written a second time.
    if (!last) throw foreignAnswer();
    return { values: body.values ?? [], lastRow: last };
  }

  /** One call. */
  async call<T>(kind: RequestKind, signal: AbortSignal, request: GoogleRequest<T>): Promise<T> {
    const { account } = this.#options;
    await account.spend(kind, signal);
    try {
      return await (await account.connect()).call(request, signal);
    } catch (error) {
      throw this.explain(error, signal, "setup");
    }
  }

  /** The meaning of the client's error, without anything of the request. */
  explain(error: unknown, signal: AbortSignal, refused: "refused" | "setup"): unknown {
    if (signal.aborted) return signal.reason;
    const { tab, spreadsheetId, account } = this.#options;
    return explainGoogleError(error, {
      ...{ name: this.#name, tab, spreadsheetId, refused },
      clientEmail: account.email,
    });
  }

  /** The cells of these rows from the first column to the last of ours, in A1 notation. */
  rowRange(first: number, last = first): string {
    return `A${first}:${this.lastColumn}${last}`;
  }

  /** The range `cells` of the tab, or the whole tab, in A1 notation. */
  range(cells?: string): string {
    const tab = `'${this.#options.tab.replaceAll("'", "''")}'`;
    return cells ? `${tab}!${cells}` : tab;
  }
}

/** Which of `ids` are in a part of the id column that begins at row `start`, and the last row of one. */
export function foundIn(
  column: readonly string[],
  start: number,
  ids: ReadonlySet<string>,
): FoundRows {
  const present = new Set<string>();
  let last: RowPosition | undefined;
  column.forEach((id, index) => {
    if (!ids.has(id)) return;
    present.add(id);
    last = { position: start + index, id };
  });
  return { present, last };
}

/** Whether these are the name of one tab: Google takes no notice of the letter case. */
function isSame(title: string | null | undefined, tab: string): boolean {
  return title?.toLowerCase() === tab.toLowerCase();
}
