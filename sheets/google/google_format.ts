/** The format of tabs that the service makes, and of their cells. */
import type { sheets_v4 as v4 } from "googleapis";
import type { Row } from "../sheet.ts";

/** Widths in pixels; other columns keep Google's 100. */
const WIDTHS: Readonly<Record<string, number>> = {
  time: 150,
  timestamp: 190,
  username: 130,
  message: 480,
  text: 480,
  id: 230,
  message_id: 230,
  reply_to: 230,
};
/** Columns in which long texts go on in a second line. */
const WRAPPED = ["message", "text"];
const DATES = ["date"];
/** Written instead of an empty cell, because a table could end at a column of empty cells. */
const BLANK = " ";
/** Google counts days from here (https://developers.google.com/workspace/sheets/api/guides/formats). */
const EPOCH_MS = Date.UTC(1899, 11, 30);
const DAY_MS = 86_400_000;

/** The request that writes the header into the first row. */
export function headerRow(sheetId: number, header: Row): v4.Schema$Request {
  const values = header.map((stringValue) => ({ userEnteredValue: { stringValue } }));
  return {
    updateCells: {
      start: { sheetId, rowIndex: 0, columnIndex: 0 },
      rows: [{ values }],
      fields: "userEnteredValue",
    },
  };
}

/** The requests that give a new tab its widths, line breaks and format of dates. */
export function formatRequests(sheetId: number, header: Row): v4.Schema$Request[] {
  const requests = header.flatMap((column, index) => {
    const requests: v4.Schema$Request[] = [];
    const range = { sheetId, dimension: "COLUMNS", startIndex: index, endIndex: index + 1 };
    if (WIDTHS[column]) {
      const properties = { pixelSize: WIDTHS[column] };
      requests.push({ updateDimensionProperties: { range, properties, fields: "pixelSize" } });
    }
    const cells = { sheetId, startColumnIndex: index, endColumnIndex: index + 1 };
    if (WRAPPED.includes(column)) {
      const cell = { userEnteredFormat: { wrapStrategy: "WRAP" } };
      requests.push({ repeatCell: { range: cells, cell, fields: "userEnteredFormat.wrapStrategy" } });
    }
    return requests;
  });
  return [...requests, ...dateFormats(sheetId, header)];
}

/** The requests that have the numbers of days shown as dates. */
export function dateFormats(sheetId: number, columns: Row): v4.Schema$Request[] {
  return columns.flatMap((column, index) => {
    if (!DATES.includes(column)) return [];
    const range = { sheetId, startColumnIndex: index, endColumnIndex: index + 1 };
    const cell = { userEnteredFormat: { numberFormat: { type: "DATE", pattern: "yyyy-mm-dd" } } };
    return [{ repeatCell: { range, cell, fields: "userEnteredFormat.numberFormat" } }];
  });
}

/** A cell as Google takes it: text, or the number of a day, which the column's format shows as a date. */
export function cellOf(column: string, text: string): string | number {
  if (text && DATES.includes(column)) return (Date.parse(`${text}T00:00:00Z`) - EPOCH_MS) / DAY_MS;
  return text || BLANK;
}
