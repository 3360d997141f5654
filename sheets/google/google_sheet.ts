/** Rows in a Google spreadsheet. */
import type { sheets_v4 as v4 } from "googleapis";
import type { GoogleRequest } from "./google_client.ts";
import { checkTab } from "./google_check.ts";
import { findDoubles, requestsToRemove } from "./google_duplicates.ts";
import { emptyFirstRow, isTokenRefused, missingTab } from "./google_errors.ts";
import type { GoogleAccount } from "./google_account.ts";
import { cellOf, dateFormats, headerRow } from "./google_format.ts";
import { letterOf, parseRange, type RowRange } from "./google_ranges.ts";
import { foundIn, GoogleTab, type TabSize } from "./google_tab.ts";
import { inRows, isMessage, Layout } from "../column_layout.ts";
import {
  type FoundRows,
  HEADER,
  idOf,
  type IdRange,
  type Notice,
  type Row,
  type RowPosition,
  type Sheet,
  SheetError,
} from "../sheet.ts";

/** Which spreadsheet to write, and by which account. */
export interface GoogleSheetOptions {
  /** From the spreadsheet's URL. */
  readonly spreadsheetId: string;
  readonly tab: string;
  /** The columns that a new tab gets, `id` among them; {@link HEADER} unless told otherwise. */
  readonly header?: Row;
  /** It is the caller's, and outlives the sheet. */
  readonly account: GoogleAccount;
  /** Called with what the operator should know. */
  readonly noticed?: (notice: Notice) => void;
}

/**
 * Rows in one tab of a Google spreadsheet, in the order of columns that its header has. {@link RowPosition.position} is the
 * row's number, counted from 1.
 *
 * People own the tab: they may translate the header, move columns, sort, insert and delete rows. They must leave no empty row
 * among the others, because an append searches for the end of the rows above it.
 */
export class GoogleSheet implements Sheet {
  readonly name: string;
  readonly #options: Required<GoogleSheetOptions>;
  readonly #tab: GoogleTab;
  #wasOpen = false;
  /** Where ids were until people moved columns while rows were written: some may still be written there. */
  readonly #formerIds = new Set<number>();
  /** The number of the last row that was written. */
  #end: number | undefined;
  /** The range in which Google says that it put rows instead of the one asked for, and the id of the last row. */
  #misplaced: { readonly range: string; readonly id: string } | undefined;

  constructor(options: GoogleSheetOptions) {
    this.#options = {
      header: HEADER,
      noticed: () => {},
      ...options,
    };
    this.name = `Google Sheet ${options.tab}`;
    this.#tab = new GoogleTab(this.name, this.#options);
  }

  /**
   * Makes a missing tab, as wide as its header, and writes the header into an empty first row. Any other first row is people's
   * own header and stays, unless it is a message's row: then the tab was made anew meanwhile, and the header is inserted
   * above. A new tab in Google's default size is trimmed to that width, because empty cells count towards the
   * spreadsheet's limit of 10 million.
   *
   * A tab that existed before is not made again: somebody has renamed or deleted it, and it may have rows whose outcome isn't
   * known.
   *
   * @throws {SheetError} when the operator has to act.
   */
  async open(signal: AbortSignal, last?: RowPosition): Promise<void> {
    this.#end ??= last?.position;
    if (this.#misplaced) await this.#requireRemoved(this.#misplaced, signal);
    const size = await (this.#wasOpen ? this.#tab.findTab(signal) : this.#tab.findKnownTab(signal));
    if (!size) {
      if (this.#wasOpen) throw missingTab(this.#options.tab);
      await this.#tab.addTab(signal);
      this.#end = 1;
    } else await this.#openTab(size, signal);
    this.#wasOpen = true;
  }

  async append(rows: readonly Row[], signal: AbortSignal): Promise<RowPosition> {
    const { updates } = await this.#send(rows, signal);
    const id = idOf(rows[rows.length - 1]);
    const range = parseRange(updates?.updatedRange);
    const isWhole = range && range.lastRow - range.firstRow + 1 === rows.length &&
      (updates?.updatedRows ?? rows.length) === rows.length;
    if (!isWhole) throw new Error("Google's answer to an append doesn't say where all of the rows are");
    const isHere = range.firstColumn === "A" && range.lastColumn === this.#tab.lastColumn &&
      range.tab.toLowerCase() === this.#options.tab.toLowerCase();
    if (!isHere) {
      this.#misplaced = { range: String(updates?.updatedRange), id };
      throw new Error(`Google answers that it put rows where none belong: ${this.#misplaced.range}`);
    }
    // People have emptied the tab, or made it anew: opening it writes the header.
    if (range.firstRow === 1) throw new Error(`The tab "${this.#options.tab}" had no header`);
    if (range.firstRow !== (this.#end ?? 0) + 1) await this.#readBack(range, rows, signal);
    this.#end = range.lastRow;
    return { position: range.lastRow, id };
  }

  async find(
    ids: ReadonlySet<string>,
    from: RowPosition | undefined,
    signal: AbortSignal,
  ): Promise<FoundRows> {
    if (from && !this.#formerIds.size) {
      const column = await this.#tab.readIds(from.position, signal);
      const found = foundIn(column, from.position, ids);
      if (column[0] === from.id && found.present.size === ids.size) return found;
    }
    // People may have sorted the tab in a way that left this row where it was.
    let { present, last } = foundIn(await this.#tab.readIds(1, signal), 1, ids);
    for (const former of this.#formerIds) {
      const found = foundIn(await this.#tab.readIds(1, signal, former), 1, ids);
      present = present.union(found.present);
      if ((found.last?.position ?? 0) > (last?.position ?? 0)) last = found.last;
    }
    return { present, last };
  }

  async *read(signal: AbortSignal): AsyncGenerator<readonly Row[]> {
    const size = await this.#tab.findTab(signal);
    if (!size) return;
    let layout = Layout.configured(this.#options.header);
    let width = Math.min(size.columns, MAX_COLUMNS);
    for (let first = 1; first <= size.rows; first += READ_ROWS) {
      const range = `A${first}:${letterOf(width - 1)}${first + READ_ROWS - 1}`;
      const rows = await this.#tab.readRaw(range, signal) ?? [];
      if (first === 1 && layout.isFilled(rows[0])) {
        layout = Layout.of(rows[0], this.#options.header, this.name);
        width = Math.min(width, layout.width);
        if (!isMessage(rows[0])) rows.shift();
      }
      yield rows.map((cells) => layout.collect(cells));
    }
  }

  shown(row: Row): Row {
    const columns = inRows(this.#options.header);
    return row.map((text, index) => String(cellOf(columns[index], text)));
  }

  check(signal: AbortSignal): AsyncIterable<string> {
    return checkTab(this.#tab, { header: this.#options.header, wasOpen: this.#wasOpen }, signal);
  }

  fullness(signal: AbortSignal): Promise<number> {
    return this.#tab.fullness(signal);
  }

  async removeDoubles(ids: IdRange, signal: AbortSignal): Promise<number> {
    const doubles = findDoubles(await this.#tab.readIds(1, signal), ids);
    const tab = doubles && await this.#tab.findTab(signal);
    if (!tab) return 0;
    await this.#tab.change(
      requestsToRemove(doubles, { sheetId: tab.sheetId, idColumn: this.#tab.layout.id }),
      signal,
    );
    return doubles.count;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  /** Finds the columns in the header, or writes the header into an empty first row. */
  async #openTab({ sheetId, rows, columns }: TabSize, signal: AbortSignal): Promise<void> {
    const { header, tab } = this.#options;
    const isFresh = rows <= FRESH.rows && columns === FRESH.columns;
    const firstRow = `A1:${letterOf(Math.min(columns, MAX_COLUMNS) - 1)}1`;
    const { values } = await this.#tab.read(isFresh ? undefined : firstRow, "ROWS", signal) ?? { values: [] };
    const configured = Layout.configured(header);
    if (configured.isFilled(values[0])) {
      const layout = Layout.of(values[0], header, this.name);
      // Rows may have been written before this was noticed.
      if (this.#wasOpen && layout.id !== this.#tab.layout.id) this.#formerIds.add(this.#tab.layout.id);
      this.#tab.layout = layout;
      if (columns < this.#tab.layout.width) await this.#tab.widen(signal);
      if (isMessage(values[0])) await this.#tab.insertHeader(sheetId, signal);
      // Before our first row: later on, the format is people's.
      const formats = this.#end ? [] : dateFormats(sheetId, this.#tab.layout.spread(inRows(header), ""));
      if (formats.length) await this.#tab.change(formats, signal);
      return;
    }
    this.#tab.layout = configured;
    if ((isFresh && values.length === 0) || columns < configured.width) {
      await this.#tab.setColumns(sheetId, signal);
    }
    const below = await this.#tab.read(this.#tab.rowRange(2, 1000), "ROWS", signal);
    // An append to an empty first row would overwrite the rows below.
    if (below?.values.some((row) => configured.isFilled(row))) throw emptyFirstRow(tab);
    await this.#tab.change([headerRow(sheetId, header), ...dateFormats(sheetId, header)], signal);
  }

  /** One append. After a 401 it is repeated only when none of the rows is in the tab. */
  async #send(rows: readonly Row[], signal: AbortSignal): Promise<v4.Schema$AppendValuesResponse> {
    const client = await this.#options.account.connect();
    await this.#options.account.spend("write", signal);
    const request: GoogleRequest<v4.Schema$AppendValuesResponse> = (api, options) =>
      api.spreadsheets.values.append({
        spreadsheetId: this.#options.spreadsheetId,
        // The first row alone: Google appends behind the table that it belongs to.
        range: this.#tab.range(this.#tab.rowRange(1)),
        // USER_ENTERED would run what people type as formulas.
        valueInputOption: "RAW",
        // The default, OVERWRITE, loses rows when two appends run at the same time.
        insertDataOption: "INSERT_ROWS",
        includeValuesInResponse: false,
        requestBody: { values: rows.map((row) => this.#cells(row)) },
        fields: "updates(updatedRange,updatedRows)",
      }, options);
    try {
      return await client.callOnce(request, signal);
    } catch (error) {
      if (!isTokenRefused(error)) throw this.#tab.explain(error, signal, "refused");
    }
    const { present } = await this.find(new Set(rows.map(idOf)), undefined, signal);
    if (present.size) {
      throw new Error("Google refused an append for its token, but rows of it are in the tab");
    }
    try {
      return await client.callOnce(request, signal);
    } catch (error) {
      throw this.#tab.explain(error, signal, "refused");
    }
  }

  /** Throws while rows that Google put elsewhere are still there: they would be appended again and again. */
  async #requireRemoved({ range, id }: { range: string; id: string }, signal: AbortSignal): Promise<void> {
    let page;
    try {
      page = await this.#tab.readRange(range, "ROWS", signal);
    } catch (error) {
      // The range doesn't exist. Other errors of set-up appear when the tab is read.
      if (!(error instanceof SheetError && error.kind === "setup")) throw error;
    }
    if (page?.values.some((row) => row[this.#tab.layout.id] === id)) {
      throw new SheetError(
        "setup",
        `Google put rows into ${range} instead of columns A to ${this.#tab.lastColumn} of the tab "${this.#options.tab}": ` +
          "let the header begin in A1, and delete these rows.",
      );
    }
    this.#misplaced = undefined;
  }

  /** The cells of a row as Google takes them. */
  #cells(row: Row): (string | number | null)[] {
    const columns = inRows(this.#options.header);
    return this.#tab.layout.spread(row.map((text, index) => cellOf(columns[index], text)), null);
  }

  /**
   * Makes sure that rows stand where Google says, when that isn't behind the last known row: people took rows out or put some
   * in, or Google has written over something, or nothing.
   */
  async #readBack(range: RowRange, rows: readonly Row[], signal: AbortSignal): Promise<void> {
    const { idColumn } = this.#tab;
    const { firstRow, lastRow } = range;
    const page = await this.#tab.read(`${idColumn}${firstRow}:${idColumn}${lastRow}`, "COLUMNS", signal);
    if (!rows.every((row, index) => page?.values[0]?.[index] === idOf(row))) {
      throw new Error(
        `Google answers that it put rows into rows ${firstRow} to ${lastRow}, where they aren't`,
      );
    }
    if (firstRow > (this.#end ?? 0) + 1) await this.#checkGap(firstRow, signal);
  }

  /** Gives notice when rows begin below an empty row, where people who scroll to the end of the others don't find them. */
  async #checkGap(firstRow: number, signal: AbortSignal): Promise<void> {
    const above = firstRow - 1;
    // The rows are written: an error here must not make them be written again.
    const page = await this.#tab.read(this.#tab.rowRange(above), "ROWS", signal).catch(() => undefined);
    if (!page || page.values.some((row) => this.#tab.layout.isFilled(row))) return;
    this.#options.noticed({
      code: "rows_far_below",
      message:
        `Rows go to row ${firstRow} and below in the tab "${this.#options.tab}", because something stands ` +
        `beside them down to row ${above}, such as checkboxes or formulas: clear it where there are no rows, or ` +
        "move it to another tab.",
    });
  }
}

/** The size of a tab that people add by hand. */
const FRESH = { rows: 1000, columns: 26 };
/** Rows in one request when all are read: about 3 MB. */
const READ_ROWS = 15_000;
/** The header is searched for our columns so far. */
const MAX_COLUMNS = 100;
