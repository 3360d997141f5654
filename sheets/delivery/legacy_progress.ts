/** What versions stored that knew two sheets. */
import type { Sheets } from "../open_sheet.ts";
import type { RowPosition } from "../sheet.ts";
import type { TargetProgress } from "./target.ts";

/** The progress of those two sheets. The names of fields are stored. */
export interface LegacyProgress {
  readonly settled: string;
  readonly mark?: RowPosition;
  readonly changesMark?: RowPosition;
  readonly intent?: string;
  /** The name of the sheet that `mark` is a row of. */
  readonly sheet?: string;
}

/** What becomes of it: each sheet's own progress, by its place; `undefined` for what newer versions have stored. */
export function divided(
  value: LegacyProgress | null,
  sheets: Sheets,
): [string, TargetProgress][] | undefined {
  if (!value || !("sheet" in value || "mark" in value || "intent" in value)) return undefined;
  const { settled, mark, changesMark, intent, sheet } = value;
  // When rows went to another sheet before, its last row isn't in this one.
  const isSame = sheet === undefined || sheet === sheets.name;
  return [false, true].map((isChange) => [
    sheets.placeOf("", "", isChange),
    { settled, mark: isSame ? isChange ? changesMark : mark : undefined, intent },
  ]);
}
