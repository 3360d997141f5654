/** Opens the files of all rooms in the storage that the configuration names. */
import { Files, type FilesParts } from "./files.ts";
import { FolderStorage } from "./folder_storage.ts";

/** What {@link openFiles} works on. */
export interface OpenFilesParts extends Omit<FilesParts, "storage"> {
  /** The folder with the files. */
  readonly filesPath: string;
}

/** Opens them; nothing is made before the first file comes. */
export function openFiles(parts: OpenFilesParts): Files {
  return new Files({ ...parts, storage: new FolderStorage(parts.filesPath) });
}
