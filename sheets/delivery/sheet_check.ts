/** Finds what prevents writing rows, for people who set up the sheet. */
import { type Sheet, SheetError } from "../sheet.ts";
import type { Trouble } from "./troubles.ts";

/** What a check has found. */
export interface SheetCheck {
  /** The steps that are done. */
  readonly done: readonly string[];
  /** What is in the way; missing when nothing is. */
  readonly problem?: {
    /** Which sentence it is, for pages in other languages. */
    readonly code: string;
    readonly message: string;
    /** What the sentence names. */
    readonly values: Readonly<Record<string, string>>;
  };
}

const NETWORK =
  "Google can't be reached from this machine: check its network, its name server and its firewall " +
  "(sheets.googleapis.com and oauth2.googleapis.com, port 443).";

/** What only the one who writes can know: a tab that was there before, rows in the wrong place. */
const UNSEEN = new Set(["no_tab", "empty_first_row", "setup", "other"]);

/** What a check of a `spreadsheet` has found, and what keeps rows from being written all the same, as far as it can't see that. */
export function withTrouble(
  found: SheetCheck,
  { reason: message, code = "other", values = {} }: Trouble,
  spreadsheet: string,
): SheetCheck {
  const isSeen = !UNSEEN.has(code) && (values.spreadsheet ?? spreadsheet) === spreadsheet;
  return isSeen ? found : { ...found, problem: { code, message, values } };
}

/** Tries what writing rows to a sheet needs. */
export async function checkSheet(sheet: Sheet, signal: AbortSignal): Promise<SheetCheck> {
  const done: string[] = [];
  try {
    for await (const step of sheet.check(signal)) done.push(step);
    return { done };
  } catch (error) {
    signal.throwIfAborted();
    const { code, message, values } = error instanceof SheetError
      ? error
      : { code: "network", message: NETWORK, values: {} };
    return { done, problem: { code, message, values } };
  }
}
