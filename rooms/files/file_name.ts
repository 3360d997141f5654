/** Names of files, as people may give them to files on any system. */
import { withoutUnwanted } from "../user.ts";

/** The most characters of a name, its extension included. */
export const MAX_FILE_NAME = 100;
/** Characters that Windows forbids in names, without the slashes, which are removed with the path. */
const FORBIDDEN = /[:*?"<>|]/g;
/** Windows' names of devices: https://learn.microsoft.com/windows/win32/fileio/naming-a-file */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
const MAX_EXTENSION = 10;

/** The extension of a name in lower case, without its dot; `""` when it has none. */
export function fileExtension(name: string): string {
  return /[^.]\.([\p{L}\p{N}]{1,10})$/u.exec(name)?.[1].toLowerCase() ?? "";
}

/**
 * The name under which a file is shown and downloaded: one line without a path, without control characters and marks that
 * change the direction of text, with an extension that fits its content. `extensions` are those of its type.
 */
export function cleanFileName(given: string, extensions: readonly string[]): string {
  const last = withoutUnwanted(given.replace(/\s+/g, " ")).split(/[\\/]/).at(-1) ?? "";
  const bare = last.replace(FORBIDDEN, "_").replace(/^[.\s]+|[.\s]+$/g, "");
  const name = DEVICE.test(bare) ? `_${bare}` : bare;
  const extension = fileExtension(name);
  const isFitting = extensions.includes(extension);
  const ending = isFitting ? name.slice(-extension.length - 1) : `.${extensions[0]}`;
  const stem = isFitting ? name.slice(0, -ending.length) : name;
  const characters = [...(stem || "file")].slice(0, MAX_FILE_NAME - MAX_EXTENSION - 1);
  return characters.join("").trimEnd() + ending;
}
