/** Progress as older versions stored it, which knew only two sheets: one of messages and one of changes. */
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

/** Divides it into the progress of each sheet, by its place; `undefined` when a newer version stored it. */
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
