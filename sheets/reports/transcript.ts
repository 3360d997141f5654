/** The report `transcript`: a room's messages, one row each, as a workbook and as CSV, with the columns of the sheet. */
import type { Message } from "../../rooms/protocol.ts";
import {
  type Piece,
  type ReportFormat,
  type Step,
  TooLargeError,
} from "../../rooms/reports/report_format.ts";
import type { Order } from "../../rooms/reports/report.ts";
import { toCsv } from "../csv_text.ts";
import { HEADER, type Row } from "../sheet.ts";
import { workbookWords } from "./workbook_words.ts";
import {
  headerXml,
  MAX_SHEET_ROWS,
  rowXml,
  SHEET_HEAD,
  SHEET_PART,
  sheetTail,
  timedRowXml,
  WORKBOOK_PARTS,
} from "./xlsx_rows.ts";
import {
  beginZip,
  deflate,
  type Deflated,
  endDeflate,
  endZip,
  joined,
  MAX_ZIP_BYTES,
  NOTHING,
  writeZip,
  type ZipState,
} from "./zip_file.ts";

/** How far the files are. */
interface State {
  readonly zip: ZipState;
  readonly csv: Deflated;
  /** Rows written so far, the header included. */
  readonly rows: number;
  /** Whether the workbook has a style for times; missing in reports that an earlier version of the service began. */
  readonly hasTimes?: boolean;
}

/** Size of a file: people download it, and the database keeps it for a week. */
const MAX_FILE_BYTES = 250_000_000;

/** The header of a gzip member without name and time (RFC 1952, section 2.3). */
const GZIP_HEAD = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);

/**
 * Makes the files `xlsx`, and `csv` compressed by gzip. Each slice is appended to both, so that it costs the same
 * regardless of the room's length.
 */
export class Transcript implements ReportFormat {
  // A slice delays the rooms' messages: 5 ms of work, and about the same for its commit.
  readonly pagesASlice = 1;

  begin({ language }: Order): Step {
    const [head, zip] = beginZip(WORKBOOK_PARTS, SHEET_PART);
    const { columns } = workbookWords(language);
    const [rows, filled] = writeZip(encoder.encode(SHEET_HEAD + headerXml(columns)), zip);
    // Without a byte order mark, spreadsheet programs read a CSV file in the local code page.
    const [lines, csv] = deflate(encoder.encode(`\ufeff${toCsv([HEADER])}`), NOTHING);
    const state: State = { zip: filled, csv, rows: 1, hasTimes: true };
    return {
      state,
      pieces: [
        { file: "xlsx", bytes: joined([head, rows]) },
        { file: "csv", bytes: joined([GZIP_HEAD, lines]) },
      ],
    };
  }

  take(state: unknown, messages: readonly Message[], { language }: Order): Step {
    const before = state as State;
    if (!messages.length) return { state, pieces: [] };
    const { deleted } = workbookWords(language);
    const rows = messages.map((message) => rowOf(message, deleted));
    const xml = rows.map((row, i) => {
      const number = before.rows + i + 1;
      return before.hasTimes ? timedRowXml(row, number) : rowXml(row, number);
    }).join("");
    const [packedRows, zip] = writeZip(encoder.encode(xml), before.zip);
    const [packedLines, csv] = deflate(encoder.encode(toCsv(rows)), before.csv);
    const after: State = { ...before, zip, csv, rows: before.rows + rows.length };
    const isFull = after.rows > MAX_SHEET_ROWS ||
      zip.open.size > MAX_ZIP_BYTES - sheetTail(after.rows).length;
    if (isFull || Math.max(zip.open.packed, csv.packed) > MAX_FILE_BYTES) throw new TooLargeError();
    const pieces: Piece[] = [{ file: "xlsx", bytes: packedRows }, { file: "csv", bytes: packedLines }];
    return { state: after, pieces };
  }

  end(state: unknown): Promise<Step> {
    const { zip, csv, rows } = state as State;
    const [tail, filled] = writeZip(encoder.encode(sheetTail(rows)), zip);
    const [end, { crc, size }] = endDeflate(csv);
    // The CRC-32, and the size modulo 2^32 (RFC 1952, section 2.3.1).
    const sums = new DataView(new ArrayBuffer(8));
    sums.setUint32(0, crc, true);
    sums.setUint32(4, size, true);
    return Promise.resolve({
      state: undefined,
      pieces: [
        { file: "xlsx", bytes: joined([tail, endZip(filled)]) },
        { file: "csv", bytes: joined([end, new Uint8Array(sums.buffer)]) },
      ],
    });
  }
}

/** The row of a message; a deleted message has an empty text, which no other message can have. */
function rowOf({ time, room, username, message, id }: Message, deleted: string): Row {
  return [time, room, username, message || deleted, id];
}

const encoder = new TextEncoder();
