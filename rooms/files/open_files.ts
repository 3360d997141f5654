/** Opens the files of all rooms in the storage that the configuration names. */
import { Files, type FilesParts } from "./files.ts";
import { FolderStorage } from "./folder_storage.ts";
import { type S3Options, S3Storage } from "./s3_storage.ts";

/** What {@link openFiles} works on. */
export interface OpenFilesParts extends Omit<FilesParts, "storage" | "filesUrl"> {
  /** The folder with the files. */
  readonly filesPath: string;
  /** What addresses begin with: an origin or `""`, and a path or `""`. */
  readonly publicUrl: string;
  readonly basePath: string;
  /** The bucket that is used instead, for several machines. */
  readonly s3: S3Options | undefined;
}

/** Opens them. Before the first file, nothing is created and no server is called. */
export function openFiles({ filesPath, s3, publicUrl, basePath, ...parts }: OpenFilesParts): Files {
  const storage = s3 ? new S3Storage(s3) : new FolderStorage(filesPath);
  return new Files({ ...parts, storage, filesUrl: publicUrl + basePath });
}
