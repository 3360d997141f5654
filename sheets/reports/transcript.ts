/** A room's messages, a row each, as a workbook and as CSV: the same cells as in the log. */
import type { Message } from "../../rooms/protocol.ts";
import {
  type Piece,
  type ReportFormat,
  type Step,
  TooLargeError,
} from "../../rooms/reports/report_format.ts";
import type { Order } from "../../rooms/reports/report.ts";
import { toCsv } from "../csv_file.ts";
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
  MAX_ZIP_BYTES,
  NOTHING,
  writeZip,
  type ZipState,
} from "./zip_file.ts";

interface State {
  readonly zip: ZipState;
  readonly csv: Deflated;
  /** Written so far, the header included. */
  readonly rows: number;
  /** Whether the workbook's styles know times; those of reports that an earlier version began don't. */
  readonly hasTimes?: boolean;
}

/** A stored file may take so many bytes: what a person downloads, and a database keeps for a week. */
const MAX_FILE_BYTES = 250_000_000;

/** The head of a gzip member without a name or a time (RFC 1952). */
const GZIP_HEAD = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);

/**
 * Makes `xlsx`, and `csv` packed by gzip. Both grow at their ends with each slice, so that a slice costs the same,
 * however long the room is.
 */
export class Transcript implements ReportFormat {
  // The members of rooms wait for what one slice takes: 5 ms, and so much again for its commit.
  readonly pagesASlice = 1;

  begin({ language }: Order): Step {
    const [head, zip] = beginZip(WORKBOOK_PARTS, SHEET_PART);
    const { columns } = workbookWords(language);
    const [rows, filled] = writeZip(encoder.encode(SHEET_HEAD + headerXml(columns)), zip);
    // Spreadsheet programs take text without a byte order mark for the local code page.
    const [lines, csv] = deflate(encoder.encode(`\ufeff${toCsv([HEADER])}`), NOTHING);
    const state: State = { zip: filled, csv, rows: 1, hasTimes: true };
    return {
      state,
      pieces: [
        { file: "xlsx", bytes: joined(head, rows) },
        { file: "csv", bytes: joined(GZIP_HEAD, lines) },
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
    // RFC 1952: the sum, and the size modulo 2^32.
    const sums = new DataView(new ArrayBuffer(8));
    sums.setUint32(0, crc, true);
    sums.setUint32(4, size, true);
    return Promise.resolve({
      state: undefined,
      pieces: [
        { file: "xlsx", bytes: joined(tail, endZip(filled)) },
        { file: "csv", bytes: joined(end, new Uint8Array(sums.buffer)) },
      ],
    });
  }
}

/** The text of a message that was deleted is empty: nobody can say nothing. */
function rowOf({ time, room, username, message, id }: Message, deleted: string): Row {
  return [time, room, username, message || deleted, id];
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

const encoder = new TextEncoder();
