import { GoogleError } from "./google_error.ts";

/** A range in A1 notation, rows and columns counted from 0, `end` not included; an open end is the grid's. */
export interface Cells {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** What a cell is given: text, a number, or nothing, which leaves it as it is. */
export type Value = string | number | null;

/** Days from 1899-12-30, as Google counts them, to the beginning of 1970. */
const EPOCH_DAYS = 25_569;

/** One tab: a grid of a fixed size. Its cells are text as a person sees it; some of them are numbers, see {@link numberAt}. */
export class Tab {
  title: string;
  rowCount: number;
  columnCount: number;
  frozenRowCount = 0;
  /** Whether the account may not edit it. */
  isProtected = false;
  /** Whether somebody has set a filter: an append that doesn't insert rows is answered with 200, and adds nothing. */
  isFiltered = false;
  /** A row that a filter or a person hides, counted from 0: an append that doesn't insert rows writes over it. */
  hiddenRow: number | undefined;
  /** The row down to which a table reaches that somebody has made of the rows, empty ones included: appends go below it, and extend it. */
  tableRows = 0;
  /** Cells that somebody has merged: of each range only the first cell has a value, and what is written to others is lost. */
  readonly #merged: Cells[] = [];
  /** The row down to which an array formula beside the table fills its column: appends go below it. */
  spillEnd = 0;
  readonly sheetId: number;
  /** Pixels, by column. */
  readonly widths = new Map<number, number>();
  /** The columns whose texts wrap, and those whose numbers are shown as dates. */
  readonly wrapped = new Set<number>();
  readonly dates = new Set<number>();
  /** Numbers in cells, by row and column. */
  readonly #numbers = new WeakMap<string[], Map<number, number>>();
  #rows: string[][] = [];

  constructor(sheetId: number, title: string, rowCount = 1000, columnCount = 26) {
    this.sheetId = sheetId;
    this.title = title;
    this.rowCount = rowCount;
    this.columnCount = columnCount;
  }

  /** The rows down to the last that isn't empty, as a person sees them; to be edited by hand, too. */
  get rows(): string[][] {
    while (this.#rows.length && isBlank(this.#rows[this.#rows.length - 1])) this.#rows.pop();
    return this.#rows;
  }

  set rows(rows: string[][]) {
    this.#rows = rows;
    this.rowCount = Math.max(this.rowCount, rows.length);
  }

  get quotedTitle(): string {
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(this.title) ? this.title : `'${this.title.replaceAll("'", "''")}'`;
  }

  /** The number in a cell; `undefined` when it holds text. Rows and columns are counted from 0. */
  numberAt(row: number, column: number): number | undefined {
    return this.#numbers.get(this.#rows[row] ?? [])?.get(column);
  }

  /** The cells of a range without the empty ones behind the last, as Google answers. */
  read(cells: Cells, isUnformatted = false): (string | number)[][] {
    const rows: (string | number)[][] = this.rows.slice(cells.top, cells.bottom).map((row) => {
      const numbers = isUnformatted ? this.#numbers.get(row) : undefined;
      const values = numbers ? row.map((text, column) => numbers.get(column) ?? text) : row;
      return withoutBlankEnd(values.slice(cells.left, cells.right));
    });
    while (rows.length && rows[rows.length - 1].length === 0) rows.pop();
    return rows;
  }

  write(top: number, left: number, values: readonly Value[][]): Cells {
    values.forEach((cells, index) => {
      const row = this.#rows[top + index] ??= [];
      for (let blank = row.length; blank < left; blank++) row[blank] = "";
      cells.forEach((cell, at) => {
        const column = left + at;
        if (cell === null || this.#isCovered(top + index, column)) row[column] ??= "";
        else row[column] = this.#shown(row, column, cell);
      });
    });
    for (let row = 0; row < top; row++) this.#rows[row] ??= [];
    this.rowCount = Math.max(this.rowCount, top + values.length);
    const width = Math.max(...values.map((row) => row.length));
    return { top, left, bottom: top + values.length, right: left + width };
  }

  /** Puts a value into a row's cell, and answers the text that people see there. */
  #shown(row: string[], column: number, value: string | number): string {
    const numbers = this.#numbers.get(row) ?? new Map<number, number>();
    numbers.delete(column);
    if (typeof value === "string") return value;
    this.#numbers.set(row, numbers.set(column, value));
    if (!this.dates.has(column)) return String(value);
    return new Date((value - EPOCH_DAYS) * 86_400_000).toISOString().slice(0, 10);
  }

  /** Makes one cell of several, as a person does: all values are lost but the first. */
  merge(cells: Cells): void {
    this.#merged.push(cells);
    this.#rows.forEach((row, at) =>
      row.forEach((_, column) => this.#isCovered(at, column) && (row[column] = ""))
    );
  }

  #isCovered(row: number, column: number): boolean {
    return this.#merged.some(({ top, left, bottom, right }) =>
      row >= top && row < bottom && column >= left && column < right && (row > top || column > left)
    );
  }

  insertRows(at: number, count: number): void {
    // What is inserted into a merged range, or a table, belongs to it.
    this.#merged.forEach(({ top, bottom, ...columns }, index) => {
      const moved = { top: top >= at ? top + count : top, bottom: bottom > at ? bottom + count : bottom };
      this.#merged[index] = { ...columns, ...moved };
    });
    if (this.tableRows >= at) this.tableRows += count;
    if (at >= this.rows.length) this.rowCount += count;
    else {
      this.#rows = [
        ...this.#rows.slice(0, at),
        ...Array.from({ length: count }, () => []),
        ...this.#rows.slice(at),
      ];
      this.rowCount += count;
    }
  }

  insertColumns(at: number, count: number): void {
    for (const row of this.#rows) {
      while (row.length < at) row.push("");
      row.splice(at, 0, ...Array.from({ length: count }, () => ""));
    }
    this.columnCount += count;
  }

  deleteColumns(at: number, count: number): void {
    for (const row of this.#rows) row.splice(at, count);
    this.columnCount -= count;
  }

  /** The tab as it is now, for {@linkcode restore}. */
  copy(): Tab {
    const copy = new Tab(this.sheetId, this.title, this.rowCount, this.columnCount);
    copy.restore(this);
    return copy;
  }

  /** Makes it what another one is. */
  restore(other: Tab): void {
    const { title, rowCount, columnCount, frozenRowCount } = other;
    Object.assign(this, { title, rowCount, columnCount, frozenRowCount });
    this.#rows = other.#rows.map((row) => [...row]);
  }

  /**
   * Where an append goes: below the table that the range touches. A table ends at the first empty row and begins
   * at its leftmost cell that isn't empty, whatever the range says.
   */
  tableEnd(cells: Cells): { top: number; left: number } {
    const { rows } = this;
    if (!rows.slice(cells.top, cells.bottom).some((row) => !isBlank(row))) {
      return { top: cells.top, left: cells.left };
    }
    let top = cells.top;
    let left = Infinity;
    const filled = Math.max(this.spillEnd, this.tableRows);
    for (; top < filled || (top < rows.length && !isBlank(rows[top])); top++) {
      if (isBlank(rows[top])) continue;
      left = Math.min(left, rows[top].findIndex((cell) => cell !== "" && cell !== undefined));
    }
    return { top, left };
  }

  /** Reads a range such as `A1:E1`, `E7:E`, or, without one, the whole grid. */
  cells(range: string | undefined): Cells {
    if (!range) return { top: 0, left: 0, bottom: this.rowCount, right: this.columnCount };
    const match = /^([A-Z]+)(\d+)(?::([A-Z]+)(\d+)?)?$/.exec(range);
    if (!match) throw GoogleError.unparsable(`${this.quotedTitle}!${range}`);
    const [, left, top, right = left, bottom] = match;
    const cells = {
      top: Number(top) - 1,
      left: columnOf(left),
      bottom: Math.min(match[3] ? Number(bottom ?? this.rowCount) : Number(top), this.rowCount),
      right: Math.min(columnOf(right) + 1, this.columnCount),
    };
    if (cells.top >= this.rowCount || cells.left >= this.columnCount) {
      throw GoogleError.invalid(
        `Range (${this.quotedTitle}!${range}) exceeds grid limits. Max rows: ${this.rowCount}, max columns: ` +
          this.columnCount,
      );
    }
    return cells;
  }

  /** A range's name in A1 notation. */
  nameOf({ top, left, bottom, right }: Cells): string {
    return `${this.quotedTitle}!${letterOf(left)}${top + 1}:${letterOf(right - 1)}${bottom}`;
  }
}

function isBlank(row: readonly string[] | undefined): boolean {
  return !row?.some((cell) => cell !== "" && cell !== undefined);
}

function withoutBlankEnd<T extends string | number>(row: T[]): (T | string)[] {
  let end = row.length;
  while (end > 0 && !row[end - 1]) end--;
  return row.slice(0, end).map((cell) => cell ?? "");
}

function columnOf(letters: string): number {
  return [...letters].reduce((column, letter) => column * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

function letterOf(column: number): string {
  return (column >= 26 ? letterOf(Math.floor(column / 26) - 1) : "") + String.fromCharCode(65 + column % 26);
}
