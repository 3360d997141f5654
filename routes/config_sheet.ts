/** The part of the configuration that says where rows go. */
import * as v from "valibot";
import { ROW_COLUMNS } from "../rooms/protocol.ts";
import { columns, filled, oneOf, origin, template } from "./config_values.ts";

/** Where rows go, and how; each field names its variable. */
export interface SheetConfig {
  /** `GOOGLE_SHEET_ID`; undefined: rows go to the CSV file. */
  readonly googleSheetId: string | undefined;
  /** `GOOGLE_SHEET_NAME`, which may hold `{room}`, `{month}` and `{year}`. */
  readonly googleSheetName: string;
  /** `SHEET_COLUMNS`: the columns of rows of messages. */
  readonly sheetColumns: readonly string[];
  /** `GOOGLE_CREDS_PATH`, used when there is no {@link googleCredsJson}. */
  readonly googleCredsPath: string;
  /** `GOOGLE_CREDS_JSON`. Secret. */
  readonly googleCredsJson: string | undefined;
  /** `GOOGLE_AUTH`; undefined: `key` if there is one. */
  readonly googleAuth: "key" | "adc" | undefined;
  /** `GOOGLE_SUBJECT`: the person for whom the service account acts, by domain-wide delegation. */
  readonly googleSubject: string | undefined;
  /** `GOOGLE_APPLICATION_CREDENTIALS`: a file of application default credentials. */
  readonly googleApplicationCredentials: string | undefined;
  /** `GOOGLE_API_ROOT`: an origin. */
  readonly googleApiRoot: string;
  /** `LOG_CSV_PATH`, which may hold `{month}` and `{year}`. */
  readonly logCsvPath: string;
  /** `LOG_CSV_BOM`: whether a new file begins with a byte order mark. */
  readonly logCsvBom: boolean;
  /** `LOG_DELIVERY` */
  readonly logDelivery: "auto" | "queue" | "sweep";
}

/** The schema and default of each variable. */
export const SHEET_VARIABLES = {
  GOOGLE_SHEET_ID: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[\w-]+$/, "the id from the spreadsheet's address, between /d/ and /edit"),
    ),
  ),
  GOOGLE_SHEET_NAME: v.optional(template("the name of a tab", "room", "month", "year"), "ChatLogs"),
  SHEET_COLUMNS: v.optional(columns(ROW_COLUMNS), "time,room,username,message,id"),
  GOOGLE_CREDS_PATH: v.optional(filled("a file"), "creds.json"),
  GOOGLE_CREDS_JSON: v.optional(filled("a service account's key, as JSON")),
  GOOGLE_AUTH: v.optional(oneOf("key", "adc")),
  GOOGLE_SUBJECT: v.optional(
    v.pipe(v.string(), v.regex(/^[^@\s]+@[^@\s]+$/, "a person's address in your domain")),
  ),
  GOOGLE_APPLICATION_CREDENTIALS: v.optional(filled("a file")),
  GOOGLE_API_ROOT: v.optional(origin(), "https://sheets.googleapis.com"),
  LOG_CSV_PATH: v.optional(template("a file", "month", "year"), "data/ChatLogs.csv"),
  LOG_CSV_BOM: v.optional(oneOf("0", "1"), "1"),
  LOG_DELIVERY: v.optional(oneOf("auto", "queue", "sweep"), "auto"),
};

const Variables = v.object(SHEET_VARIABLES);

/** The configuration out of checked variables. */
export function sheetConfigOf(all: v.InferOutput<typeof Variables>): SheetConfig {
  return {
    googleSheetId: all.GOOGLE_SHEET_ID,
    googleSheetName: all.GOOGLE_SHEET_NAME,
    sheetColumns: all.SHEET_COLUMNS,
    googleCredsPath: all.GOOGLE_CREDS_PATH,
    googleCredsJson: all.GOOGLE_CREDS_JSON,
    googleAuth: all.GOOGLE_AUTH,
    googleSubject: all.GOOGLE_SUBJECT,
    googleApplicationCredentials: all.GOOGLE_APPLICATION_CREDENTIALS,
    googleApiRoot: all.GOOGLE_API_ROOT,
    logCsvPath: all.LOG_CSV_PATH,
    logCsvBom: all.LOG_CSV_BOM === "1",
    logDelivery: all.LOG_DELIVERY,
  };
}
