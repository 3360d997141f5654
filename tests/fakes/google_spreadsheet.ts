import type { sheets_v4 as v4 } from "googleapis";
import { GoogleError } from "./google_error.ts";
import { type Cells, Tab, type Value } from "./google_tab.ts";

const MAX_CELLS = 10_000_000;
const MAX_CHARACTERS = 50_000;

/** One spreadsheet, with Google's limits and what of its methods we use. */
export class Spreadsheet {
  readonly id: string;
  tabs: Tab[] = [new Tab(0, "Sheet1")];

  constructor(id: string) {
    this.id = id;
  }

  /** Names of tabs take no notice of the letter case. */
  tab(title: string): Tab | undefined {
    return this.tabs.find((tab) => tab.title.toLowerCase() === title.toLowerCase());
  }

  addTab(title: string, rowCount?: number, columnCount?: number, sheetId = this.#freeId()): Tab {
    if (this.tab(title)) {
      throw GoogleError.invalid(
        `Invalid requests[0].addSheet: A sheet with the name "${title}" already exists. Please enter another name.`,
      );
    }
    const tab = new Tab(sheetId, title, rowCount, columnCount);
    this.#demandSpace(tab.rowCount * tab.columnCount);
    this.tabs.push(tab);
    return tab;
  }

  deleteTab(title: string): void {
    this.tabs = this.tabs.filter((tab) => tab.title !== title);
  }

  /** `spreadsheets.get`, without a field mask. */
  toJSON(): unknown {
    const sheets = this.tabs.map((tab, index) => ({
      properties: {
        sheetId: tab.sheetId,
        title: tab.title,
        index,
        sheetType: "GRID",
        gridProperties: {
          rowCount: tab.rowCount,
          columnCount: tab.columnCount,
          frozenRowCount: tab.frozenRowCount,
        },
      },
      protectedRanges: tab.isProtected ? [{ requestingUserCanEdit: false }] : undefined,
    }));
    return { spreadsheetId: this.id, properties: { title: "Log", locale: "zh_TW" }, sheets };
  }

  /** `spreadsheets.batchUpdate`: all of the requests, or none. */
  batchUpdate({ requests = [] }: v4.Schema$BatchUpdateSpreadsheetRequest): unknown {
    const before = this.tabs.map((tab) => [tab, tab.copy()] as const);
    try {
      for (const request of requests) this.#change(request);
    } catch (error) {
      this.tabs = before.map(([tab]) => tab);
      for (const [tab, copy] of before) tab.restore(copy);
      throw error;
    }
    return { spreadsheetId: this.id, replies: [] };
  }

  #change(request: v4.Schema$Request): void {
    const { addSheet, updateSheetProperties, deleteDuplicates, insertDimension, deleteDimension, pasteData } =
      request;
    const { updateCells, updateDimensionProperties, repeatCell } = request;
    if (deleteDuplicates) {
      this.#deleteDuplicates(deleteDuplicates);
    } else if (insertDimension?.range) {
      const { sheetId, dimension, startIndex, endIndex } = insertDimension.range;
      const [at, count] = [startIndex ?? 0, (endIndex ?? 0) - (startIndex ?? 0)];
      const tab = this.#tab(sheetId);
      this.#demandSpace(count * (dimension === "ROWS" ? tab.columnCount : tab.rowCount));
      if (dimension === "ROWS") tab.insertRows(at, count);
      else tab.insertColumns(at, count);
    } else if (deleteDimension?.range?.dimension === "COLUMNS") {
      const { sheetId, startIndex, endIndex } = deleteDimension.range;
      this.#tab(sheetId).deleteColumns(startIndex ?? 0, (endIndex ?? 0) - (startIndex ?? 0));
    } else if (pasteData) {
      const { sheetId, rowIndex, columnIndex } = pasteData.coordinate ?? {};
      const lines = (pasteData.data ?? "").split("\n").map((line) => line.split(pasteData.delimiter ?? "\t"));
      this.#tab(sheetId).write(rowIndex ?? 0, columnIndex ?? 0, lines);
    } else if (updateCells?.start) {
      const { sheetId, rowIndex, columnIndex } = updateCells.start;
      const rows = (updateCells.rows ?? []).map(({ values = [] }) =>
        values.map(({ userEnteredValue }) => userEnteredValue?.stringValue ?? "")
      );
      this.#tab(sheetId).write(rowIndex ?? 0, columnIndex ?? 0, rows);
    } else if (addSheet) {
      this.#addSheet(addSheet.properties ?? {});
    } else if (request.deleteSheet) {
      const { sheetId } = this.#tab(request.deleteSheet.sheetId);
      this.tabs = this.tabs.filter((tab) => tab.sheetId !== sheetId);
    } else if (updateDimensionProperties?.fields === "pixelSize") {
      const { range, properties } = updateDimensionProperties;
      this.#tab(range?.sheetId).widths.set(range?.startIndex ?? 0, properties?.pixelSize ?? 100);
    } else if (repeatCell?.fields?.startsWith("userEnteredFormat.")) {
      const { range, cell } = repeatCell;
      const { wrapStrategy, numberFormat } = cell?.userEnteredFormat ?? {};
      const tab = this.#tab(range?.sheetId);
      if (wrapStrategy) tab.wrapped.add(range?.startColumnIndex ?? 0);
      if (numberFormat?.type === "DATE") tab.dates.add(range?.startColumnIndex ?? 0);
    } else if (updateSheetProperties?.fields === "gridProperties.columnCount") {
      const { sheetId, gridProperties } = updateSheetProperties.properties ?? {};
      const tab = this.#tab(sheetId);
      tab.columnCount = gridProperties?.columnCount ?? tab.columnCount;
    } else throw GoogleError.invalid("The stand-in doesn't know this request");
  }

  /** `spreadsheets.values.get`. */
  read(range: string, query: URLSearchParams): unknown {
    const { tab, cells } = this.#resolve(range);
    const rows = tab.read(cells, query.get("valueRenderOption") === "UNFORMATTED_VALUE");
    const values = query.get("majorDimension") === "COLUMNS" ? transposed(rows) : rows;
    return {
      range: tab.nameOf(cells),
      majorDimension: query.get("majorDimension") ?? "ROWS",
      values: orNothing(values),
    };
  }

  /** `spreadsheets.values.update`. */
  update(range: string, values: Value[][], query: URLSearchParams): unknown {
    const { tab, cells } = this.#resolve(range);
    const written = tab.write(cells.top, cells.left, entered(values, query));
    return { spreadsheetId: this.id, updatedRange: tab.nameOf(written), updatedRows: values.length };
  }

  /**
   * `spreadsheets.values.append`. Without `INSERT_ROWS` the place is chosen first and written to later, as with
   * Google, so that two appends at once lose rows.
   */
  async append(range: string, values: Value[][], query: URLSearchParams): Promise<unknown> {
    const { tab, cells } = this.#resolve(range);
    const input = entered(values, query);
    if (tab.isProtected) throw GoogleError.protectedCell();
    const { top, left } = tab.tableEnd(cells);
    if (query.get("insertDataOption") === "INSERT_ROWS") {
      this.#demandSpace(values.length * tab.columnCount);
      tab.insertRows(top, values.length);
    } else {
      this.#demandSpace(Math.max(0, top + values.length - tab.rowCount) * tab.columnCount);
      await new Promise((resolve) => setTimeout(resolve));
      const at = { top, left, bottom: top + values.length, right: left + values[0].length };
      const updates = { updatedRange: tab.nameOf(at), updatedRows: values.length };
      if (tab.isFiltered) return { spreadsheetId: this.id, updates };
      if (tab.hiddenRow !== undefined) {
        tab.write(tab.hiddenRow, left, input);
        return { spreadsheetId: this.id, updates };
      }
    }
    const updatedRange = tab.nameOf(tab.write(top, left, input));
    return { spreadsheetId: this.id, updates: { updatedRange, updatedRows: values.length } };
  }

  #tab(sheetId: number | null | undefined): Tab {
    const tab = this.tabs.find((tab) => tab.sheetId === sheetId);
    if (!tab) throw GoogleError.invalid(`Invalid requests[0]: No sheet with id: ${sheetId}`);
    return tab;
  }

  /** Keeps the first of rows that are alike, whatever their letter case, in all columns compared. */
  #deleteDuplicates({ range, comparisonColumns }: v4.Schema$DeleteDuplicatesRequest): void {
    const tab = this.#tab(range?.sheetId);
    const start = range?.startRowIndex ?? 0;
    const end = range?.endRowIndex ?? Infinity;
    const seen = new Set<string>();
    tab.rows = tab.rows.filter((row, index) => {
      if (index < start || index >= end) return true;
      const cells = (comparisonColumns ?? []).map(({ startIndex, endIndex }) =>
        row.slice(startIndex ?? 0, endIndex ?? undefined)
      );
      const key = JSON.stringify(cells).toLowerCase();
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
  }

  #addSheet({ title, sheetId, gridProperties }: v4.Schema$SheetProperties): void {
    const { rowCount, columnCount, frozenRowCount } = gridProperties ?? {};
    if ((frozenRowCount ?? 0) >= (rowCount ?? 1000)) {
      throw GoogleError.invalid(
        "Invalid requests[0].addSheet: You can't freeze all visible rows on the sheet.",
      );
    }
    const size = [rowCount ?? undefined, columnCount ?? undefined] as const;
    this.addTab(title ?? "Sheet", ...size, sheetId ?? undefined).frozenRowCount = frozenRowCount ?? 0;
  }

  #freeId(): number {
    return Math.max(-1, ...this.tabs.map(({ sheetId }) => sheetId)) + 1;
  }

  #resolve(range: string): { tab: Tab; cells: Cells } {
    const match = /^(?:'((?:[^']|'')+)'|([^'!]+))(?:!(.+))?$/.exec(range);
    const tab = this.tab(match?.[1]?.replaceAll("''", "'") ?? match?.[2] ?? "");
    if (!tab) throw GoogleError.unparsable(range);
    return { tab, cells: tab.cells(match?.[3]) };
  }

  #demandSpace(more: number): void {
    const cells = this.tabs.reduce((sum, { rowCount, columnCount }) => sum + rowCount * columnCount, 0);
    if (cells + more > MAX_CELLS) {
      throw GoogleError.invalid(
        `This action would increase the number of cells in the workbook above the limit of ${MAX_CELLS} cells.`,
      );
    }
  }
}

/** What Google makes of values that come in: text as it is with RAW, formulas run with USER_ENTERED. */
function entered(values: Value[][], query: URLSearchParams): Value[][] {
  if (values.some((row) => row.some((cell) => typeof cell === "string" && cell.length > MAX_CHARACTERS))) {
    throw GoogleError.invalid(
      "Your input contains more than the maximum of 50000 characters in a single cell.",
    );
  }
  if (query.get("valueInputOption") === "RAW") return values;
  if (query.get("valueInputOption") !== "USER_ENTERED") {
    throw GoogleError.invalid("'valueInputOption' is required but not specified");
  }
  return values.map((row) =>
    row.map((cell) =>
      typeof cell !== "string" ? cell : cell.startsWith("=") ? "#ERROR!" : cell.replace(/^'/, "")
    )
  );
}

function transposed<T>(rows: T[][]): (T | string)[][] {
  const width = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: width }, (_, column) => rows.map((row) => row[column] ?? ""));
}

function orNothing<T>(values: T[]): T[] | undefined {
  return values.length ? values : undefined;
}
