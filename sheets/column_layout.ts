/** Where the columns of a {@link Row} stand in a sheet, whose own header decides it. */
import { type Row, SheetError } from "./sheet.ts";

/** The order of a sheet's columns. */
export class Layout {
  /** The columns from the first of the sheet to the last one of ours. */
  readonly width: number;
  /** The index of the column with the ids. */
  readonly id: number;
  /** For each cell of a {@link Row}, the index of its column. */
  readonly #positions: readonly number[];

  private constructor(positions: readonly number[]) {
    this.#positions = positions;
    this.id = positions[positions.length - 1];
    this.width = Math.max(...positions) + 1;
  }

  /** The columns as they are configured: those of a sheet that we make. */
  static configured(header: Row): Layout {
    return new Layout(inRows(header).map((column) => header.indexOf(column)));
  }

  /**
   * The columns as `first`, the first row of a sheet, has them. People may have moved columns, put columns of their own between
   * them, and translated the header: a cell in the place of a configured column that names none of the others counts as its
   * translation. A first row with a message in it is no header.
   *
   * @throws {SheetError} when the header lacks a column; `name` is the sheet's.
   */
  static of(first: Row, header: Row, name: string): Layout {
    if (isMessage(first)) return Layout.configured(header);
    const titles = first.map((title) => title.replace("\ufeff", "").trim().toLowerCase());
    const lacking: string[] = [];
    const positions = inRows(header).map((column) => {
      const at = titles.indexOf(column);
      if (at >= 0) return at;
      const place = header.indexOf(column);
      if (!titles[place] || header.includes(titles[place])) lacking.push(column);
      return place;
    });
    if (lacking.length) {
      throw new SheetError(
        "setup",
        `The header of ${name} lacks ${
          lacking.map((column) => `"${column}"`).join(", ")
        }: write it into an empty ` +
          "cell of the first row, or take it out of SHEET_COLUMNS.",
        { code: "header", values: { columns: lacking.join(", ") } },
      );
    }
    return new Layout(positions);
  }

  /** The cells of a row in the sheet's order, from its first column on; `blank` stands in columns of people. */
  spread<T, B>(row: readonly T[], blank: B): (T | B)[] {
    const cells: (T | B)[] = new Array(this.width).fill(blank);
    row.forEach((cell, index) => cells[this.#positions[index]] = cell);
    return cells;
  }

  /** The row in cells of the sheet. */
  collect(cells: readonly string[]): Row {
    return this.#positions.map((position) => cells[position] ?? "");
  }

  /** Whether one of our columns has text. */
  isFilled(cells: readonly string[] | undefined): boolean {
    return cells !== undefined && this.#positions.some((position) => (cells[position] ?? "") !== "");
  }
}

/** Whether cells are those of a row with an id, not of a header. */
export function isMessage(cells: readonly string[]): boolean {
  return cells.some((cell) => ULID.test(cell));
}

/** The columns in the order of a {@link Row}: that of the header, with the id last. */
export function inRows(header: Row): Row {
  return [...header.filter((column) => column !== "id"), "id"];
}

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
