/** The part of the configuration that is about files in messages. */
import * as v from "valibot";
import { FILE_GROUPS } from "../rooms/files/file_type.ts";
import { filled, whole } from "./config_values.ts";

/** Where files are, and which may be sent; each field names its variable. */
export interface FilesConfig {
  /** `FILES_PATH`: a folder. */
  readonly filesPath: string;
  /** `MAX_FILE_MB`, in bytes. */
  readonly maxFileBytes: number;
  /** `FILES_PER_DAY_MB`: what one person may send, in bytes. */
  readonly filesPerDayBytes: number;
  /** `FILES_TOTAL_GB`, in bytes. */
  readonly filesTotalBytes: number;
  /** `FILE_TYPES`: groups of types, and single types. */
  readonly fileTypes: readonly string[];
}

const MB = 1_000_000;
const GROUPS: readonly string[] = FILE_GROUPS;

/** The schema and default of each variable. */
export const FILE_VARIABLES = {
  FILES_PATH: v.optional(filled("a folder"), "data/files"),
  MAX_FILE_MB: v.optional(whole(1, 2_000), "10"),
  FILES_PER_DAY_MB: v.optional(whole(1, 1e6), "200"),
  FILES_TOTAL_GB: v.optional(whole(1, 1e6), "20"),
  FILE_TYPES: v.optional(fileTypes(), "image,pdf,text,office,audio,video"),
};

/** The configuration of these variables. */
export function filesConfigOf(all: {
  readonly FILES_PATH: string;
  readonly MAX_FILE_MB: number;
  readonly FILES_PER_DAY_MB: number;
  readonly FILES_TOTAL_GB: number;
  readonly FILE_TYPES: readonly string[];
}): FilesConfig {
  return {
    filesPath: all.FILES_PATH,
    maxFileBytes: all.MAX_FILE_MB * MB,
    filesPerDayBytes: all.FILES_PER_DAY_MB * MB,
    filesTotalBytes: all.FILES_TOTAL_GB * 1000 * MB,
    fileTypes: all.FILE_TYPES,
  };
}

/** Groups of types, or types such as `application/pdf`, with commas between them. */
function fileTypes(): v.GenericSchema<string, readonly string[]> {
  return v.pipe(
    v.string(),
    v.transform((list) => list.split(/[\s,]+/).filter(Boolean).map((name) => name.toLowerCase())),
    v.check(
      (names) => names.length > 0 && names.every((name) => GROUPS.includes(name) || name.includes("/")),
      `names out of ${GROUPS.join(", ")}, or types such as application/pdf, with commas between them`,
    ),
  );
}
