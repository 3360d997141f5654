import { assert } from "@std/assert";
import { parseServiceAccountKey } from "../../sheets/google/service_account.ts";
import { GoogleAccount } from "../../sheets/google/google_account.ts";
import type { SignIn } from "../../sheets/google/sign_in.ts";
import { GoogleSheet } from "../../sheets/google/google_sheet.ts";
import type { Notice, Row } from "../../sheets/sheet.ts";
import { GoogleSheets, type GoogleSheetsOptions } from "../fakes/google_sheets.ts";
import { never } from "./sheet_rows.ts";

/** Google's stand-in and an opened sheet on its tab `ChatLogs`. */
export class GooglePlace implements AsyncDisposable {
  readonly google: GoogleSheets;
  /** What the operator was told. */
  readonly notices: Notice[] = [];
  readonly sheet: GoogleSheet;
  readonly #accounts: GoogleAccount[] = [];

  static async open(options: GoogleSheetsOptions & { timeoutMs?: number } = {}): Promise<GooglePlace> {
    const place = await GooglePlace.start(options);
    await place.sheet.open(never);
    return place;
  }

  /** The same, with the tab neither made nor looked at. */
  static async start(options: GoogleSheetsOptions & { timeoutMs?: number } = {}): Promise<GooglePlace> {
    return new GooglePlace(await GoogleSheets.start(options), options.timeoutMs);
  }

  private constructor(google: GoogleSheets, timeoutMs?: number) {
    this.google = google;
    this.sheet = this.another({ timeoutMs });
  }

  /** One more sheet on the same tab, with other columns if told; close it yourself. */
  another(
    { timeoutMs = 10_000, header, tab = "ChatLogs" }: { timeoutMs?: number; header?: Row; tab?: string } = {},
  ): GoogleSheet {
    const { spreadsheetId, url: apiRoot } = this.google;
    const account = new GoogleAccount({ signIn: signInOf(this.google), apiRoot, timeoutMs });
    this.#accounts.push(account);
    const noticed = (notice: Notice): void => void this.notices.push(notice);
    const options = { spreadsheetId, tab, account, noticed };
    return new GoogleSheet(header ? { ...options, header } : options);
  }

  /** The ids in the tab, from the first row below the header on. */
  ids(): string[] {
    return this.google.rows("ChatLogs").slice(1).map((row) => row[4]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const account of this.#accounts) await account[Symbol.asyncDispose]();
    await this.google[Symbol.asyncDispose]();
  }
}

/** Signs in to the stand-in with its key. */
export function signInOf({ key: file }: GoogleSheets): SignIn {
  const key = parseServiceAccountKey(JSON.stringify(file), "The stand-in's key");
  return { kind: "key", key, subject: undefined, email: key.clientEmail };
}

/** The error of a call that must fail, after a look whether it gives away a row, the key or a token. */
export async function failure(call: Promise<unknown>, row: Row): Promise<Error> {
  const error = await call.then(() => undefined, (error) => error);
  assert(error instanceof Error, "The call didn't fail");
  const everything = Deno.inspect(error, { depth: 100, strAbbreviateSize: 1e6, showHidden: true }) +
    error.stack;
  for (const secret of [row[3], row[4], "PRIVATE KEY", "ya29.", "assertion="]) {
    assert(!everything.includes(secret), `The error tells ${secret}: ${error.message}`);
  }
  return error;
}
