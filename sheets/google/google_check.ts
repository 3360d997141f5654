/** Tries everything that writing rows needs, once, without touching people's rows. */
import { Layout } from "../column_layout.ts";
import { type Row, SheetError } from "../sheet.ts";
import { foreignAnswer, missingTab, protectedTab } from "./google_errors.ts";
import { letterOf } from "./google_ranges.ts";
import { explainRefusedKey } from "./google_key.ts";
import type { GoogleTab, TabSize } from "./google_tab.ts";

/** What is tried, in this order. */
export type GoogleStep = "sign_in" | "spreadsheet" | "tab" | "write" | "read" | "delete";

/** The tab of the rows. */
export interface OwnTab {
  /** The columns that it has, or gets. */
  readonly header: Row;
  /** Whether it was there before. */
  readonly wasOpen: boolean;
}

/** The hidden tab of a test. */
const TEST_TAB = "talksheet check";
const TEST_ROW = ["talksheet check"];

/**
 * Yields each step once it is done.
 *
 * @throws {SheetError} what keeps rows from being written.
 * @throws {Error} when Google can't be reached.
 */
export async function* checkTab(
  tab: GoogleTab,
  own: OwnTab,
  signal: AbortSignal,
): AsyncGenerator<GoogleStep> {
  const left = await findTestTab(tab, signal);
  yield "sign_in";
  yield "spreadsheet";
  await checkOwnTab(tab, own, signal);
  yield "tab";
  if (left) await tab.change([{ deleteSheet: { sheetId: left.sheetId } }], signal);
  const sheetId = crypto.getRandomValues(new Uint32Array(1))[0] >>> 1;
  const gridProperties = { rowCount: 1, columnCount: 1 };
  const properties = { sheetId, title: TEST_TAB, hidden: true, gridProperties };
  await tab.change([{ addSheet: { properties } }], signal);
  const test = tab.another(TEST_TAB);
  try {
    await test.appendRaw([TEST_ROW], signal);
    yield "write";
    const rows = await test.readRaw("A1:A1", signal);
    if (rows?.[0]?.[0] !== TEST_ROW[0]) throw foreignAnswer();
    yield "read";
  } finally {
    await tab.change([{ deleteSheet: { sheetId } }], signal);
  }
  yield "delete";
}

/** The tab that a check has left which was killed; the first request of all, which tells whether signing in works. */
async function findTestTab(tab: GoogleTab, signal: AbortSignal): Promise<TabSize | undefined> {
  try {
    return await tab.another(TEST_TAB).findTab(signal);
  } catch (error) {
    if (!tab.key || !(error instanceof SheetError && error.code === "key_deleted")) throw error;
    throw await explainRefusedKey(error, tab.key, signal);
  }
}

/** Checks the tab of the rows. A tab that never existed is no error: it is made with the first row. */
async function checkOwnTab(tab: GoogleTab, { header, wasOpen }: OwnTab, signal: AbortSignal): Promise<void> {
  const size = await tab.findTab(signal);
  if (!size && wasOpen) throw missingTab(tab.title);
  if (!size) return;
  if (size.isProtected) throw protectedTab(tab.title, tab.email);
  const rows = await tab.readRaw(`A1:${letterOf(size.columns - 1)}1`, signal);
  if (Layout.configured(header).isFilled(rows?.[0])) {
    Layout.of(rows?.[0] ?? [], header, `the tab "${tab.title}"`);
  }
}
