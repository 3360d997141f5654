/** The part of the configuration that is about files in messages. */
import * as v from "valibot";
import type { S3Options } from "../rooms/files/s3_storage.ts";
import { FILE_GROUPS } from "../rooms/files/file_type.ts";
import { filled, whole } from "./config_values.ts";

/** Where files are, and which may be sent; each field names its variable. */
export interface FilesConfig {
  /** `FILES_PATH`: a folder. */
  readonly filesPath: string;
  /** `S3_ENDPOINT`, `S3_BUCKET`, `S3_REGION` and the keys; undefined: files are in {@link filesPath}. Secret. */
  readonly s3: S3Options | undefined;
  /** `MAX_FILE_MB`, in bytes. */
  readonly maxFileBytes: number;
  /** `FILES_PER_DAY_MB`: what one person may send, in bytes. */
  readonly filesPerDayBytes: number;
  /** `FILES_TOTAL_GB`, in bytes. */
  readonly filesTotalBytes: number;
  /** `FILE_TYPES`: groups of types, and single types. */
  readonly fileTypes: readonly string[];
}

const S3_NAMES = ["S3_ENDPOINT", "S3_BUCKET", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"];
const MB = 1_000_000;
const GROUPS: readonly string[] = FILE_GROUPS;

/** The schema and default of each variable. */
export const FILE_VARIABLES = {
  FILES_PATH: v.optional(filled("a folder"), "data/files"),
  S3_ENDPOINT: v.optional(
    v.pipe(v.string(), v.regex(/^https?:\/\/[^\s?#]+$/, "an address such as https://s3.example.com")),
  ),
  S3_BUCKET: v.optional(
    v.pipe(v.string(), v.regex(/^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/, "the name of a bucket")),
  ),
  S3_REGION: v.optional(filled("a region"), "us-east-1"),
  S3_ACCESS_KEY_ID: v.optional(filled("the id of an access key")),
  S3_SECRET_ACCESS_KEY: v.optional(filled("the secret of an access key")),
  MAX_FILE_MB: v.optional(whole(1, 2_000), "10"),
  FILES_PER_DAY_MB: v.optional(whole(1, 1e6), "200"),
  FILES_TOTAL_GB: v.optional(whole(1, 1e6), "20"),
  FILE_TYPES: v.optional(fileTypes(), "image,pdf,text,office,audio,video"),
};

/** The configuration of these variables. */
export function filesConfigOf(all: {
  readonly FILES_PATH: string;
  readonly S3_ENDPOINT?: string;
  readonly S3_BUCKET?: string;
  readonly S3_REGION: string;
  readonly S3_ACCESS_KEY_ID?: string;
  readonly S3_SECRET_ACCESS_KEY?: string;
  readonly MAX_FILE_MB: number;
  readonly FILES_PER_DAY_MB: number;
  readonly FILES_TOTAL_GB: number;
  readonly FILE_TYPES: readonly string[];
}): FilesConfig {
  const { S3_ENDPOINT: endpoint, S3_BUCKET: bucket, S3_REGION: region } = all;
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = all;
  return {
    filesPath: all.FILES_PATH,
    s3: endpoint && bucket && accessKeyId && secretAccessKey
      ? { endpoint, bucket, region, accessKeyId, secretAccessKey }
      : undefined,
    maxFileBytes: all.MAX_FILE_MB * MB,
    filesPerDayBytes: all.FILES_PER_DAY_MB * MB,
    filesTotalBytes: all.FILES_TOTAL_GB * 1000 * MB,
    fileTypes: all.FILE_TYPES,
  };
}

/** Variables that belong together, and are missing beside others of them: each with what is wrong. */
export function incompleteS3(set: { has(name: string): boolean }): [name: string, complaint: string][] {
  const present = S3_NAMES.filter((name) => set.has(name));
  if (!present.length || present.length === S3_NAMES.length) return [];
  return S3_NAMES.filter((name) => !set.has(name)).map((name) => [
    name,
    `${present[0]} is set without ${name}; wanted: all of ${S3_NAMES.join(", ")}, or none`,
  ]);
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
