/** Configuration: the environment, read and checked once. */
import * as v from "valibot";
import { accountName } from "../rooms/access/account_name.ts";
import { PASSWORD_COST } from "../rooms/access/passwords.ts";
import type { ClusterEngine } from "../rooms/cluster/open_channel.ts";
import { FILE_VARIABLES, type FilesConfig, filesConfigOf, incompleteS3 } from "./config_files.ts";
import { bareValue, basePath, host, oneOf, origin, sources, timeZone, whole } from "./config_values.ts";
import { SHEET_VARIABLES, type SheetConfig, sheetConfigOf } from "./config_sheet.ts";

/** The configuration that {@link readConfig} reads from the environment; each field names its variable. */
export interface Config extends SheetConfig, FilesConfig {
  /** `HOST` */
  readonly host: string;
  /** `PORT`; 0 picks a free one. */
  readonly port: number;
  /** `KV_PATH`: a file, `:memory:`, or the URL of a KV Connect server; undefined: the database of Deno Deploy. */
  readonly kvPath: string | undefined;
  /** `OUTBOX_LIMIT`: messages. */
  readonly outboxLimit: number;
  /** `AUTH`: whether people without an account may talk. */
  readonly auth: "guests" | "required";
  /** `SIGNUP`: whether people may make their own account. */
  readonly signup: "closed" | "open";
  /** `ADMIN_USERNAME`, made at the first start. */
  readonly adminUsername: string | undefined;
  /** `ADMIN_PASSWORD`. Secret. */
  readonly adminPassword: string | undefined;
  /** log2 N of the scrypt hashes of new passwords; no variable. */
  readonly passwordCost: number;
  /** `SERVICE_TOKEN`. Secret. */
  readonly serviceToken: string | undefined;
  /** `ALLOWED_ORIGINS`: further pages that may open sockets. */
  readonly allowedOrigins: readonly string[];
  /** `PUSH_SUBJECT`: how push services can reach the operator; `undefined`: no pushes. */
  readonly pushSubject: string | undefined;
  /** `PUSH_ORIGINS`: further push services. */
  readonly pushOrigins: readonly string[];
  /** Milliseconds from a message to its push; no variable. */
  readonly pushAfterMs: number;
  /** The folder of what browsers load, a `file:` URL with a slash at the end; `undefined`: the project's own; no variable. */
  readonly staticUrl: string | undefined;
  /** `TRUST_PROXY`: the number of our own proxies in front. */
  readonly trustProxy: number;
  /** `RATE_MESSAGES_PER_MINUTE`; 0 = off. */
  readonly rateMessagesPerMinute: number;
  /** `MAX_CONNECTIONS_PER_IP`; 0 = off. */
  readonly maxConnectionsPerIp: number;
  /** `MAX_CONNECTIONS_PER_USER`; 0 = off. */
  readonly maxConnectionsPerUser: number;
  /** `MAX_MESSAGE_LENGTH`: characters; 0 = what a cell can have. */
  readonly maxMessageLength: number;
  /** `EDIT_MINUTES`: for how long authors may edit and delete what they said; 0 = never. */
  readonly editMinutes: number;
  /** `RETENTION_DAYS`: history older than this is deleted; 0 = kept. */
  readonly retentionDays: number;
  /** `TIME_ZONE`: an IANA name. */
  readonly timeZone: string;
  /** `PAGE_LANGUAGE` */
  readonly language: "zh-Hant" | "en";
  /** `PUBLIC_URL`: the origin that people use, for addresses in rows; "": addresses begin with a path. */
  readonly publicUrl: string;
  /** `BASE_PATH`: `/talk`, or "" for the whole host. */
  readonly basePath: string;
  /** `FRAME_ANCESTORS`: sources of pages that may embed ours. */
  readonly frameAncestors: readonly string[];
  /** `SIGNUPS_PER_HOUR`: accounts that one address may make; 0 = off. */
  readonly signupsPerHour: number;
  /** `REDIS_URL`; undefined: no Redis. Secret. */
  readonly redisUrl: string | undefined;
  /** `DENO_JOBS`: isolates that `--parallel` serves with; 0 = one for each core. */
  readonly jobs: number;
  /** Whether other isolates listen at the same port. */
  readonly reusePort: boolean;
  /** The id that isolates of one process share, and the index of this one; no variables. */
  readonly instance: string | undefined;
  readonly isolate: number;
  /** `OTEL_DENO`: whether Deno exports traces. */
  readonly isTraced: boolean;
  /** Whether the platform listens for us (Deno Deploy); no variable. */
  readonly isDeployed: boolean;
  /** How isolates and machines reach each other; follows from `REDIS_URL` and `KV_PATH`. */
  readonly fanOut: ClusterEngine;
  /** `LOG_LEVEL` */
  readonly logLevel: "debug" | "info" | "warn" | "error";
}

/** The environment is invalid; the message has a line for each invalid variable. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const language = oneOf("zh-Hant", "en");

/** The schema and default of each variable. */
const VARIABLES = {
  HOST: v.optional(host(), "0.0.0.0"),
  PORT: v.optional(whole(0, 65_535), "8000"),
  KV_PATH: v.optional(
    v.pipe(v.string(), v.check(isDatabase, "a file, :memory:, or the http(s) URL of a KV Connect server")),
  ),
  ...SHEET_VARIABLES,
  OUTBOX_LIMIT: v.optional(whole(1, 1e9), "1000000"),
  AUTH: v.optional(oneOf("guests", "required"), "guests"),
  SIGNUP: v.optional(oneOf("closed", "open"), "closed"),
  ADMIN_USERNAME: v.optional(
    v.pipe(v.string(), v.check((name) => accountName(name) !== undefined, "a name that an account can have")),
  ),
  ADMIN_PASSWORD: v.optional(v.pipe(v.string(), v.minLength(10, "at least 10 characters"))),
  SERVICE_TOKEN: v.optional(v.pipe(v.string(), v.minLength(16, "at least 16 characters"))),
  PUSH_SUBJECT: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/, "mailto: and an address, or an https address"),
    ),
  ),
  PUSH_ORIGINS: v.optional(
    v.pipe(v.string(), v.transform((list) => list.split(/[\s,]+/).filter(Boolean)), v.array(origin())),
    "",
  ),
  ALLOWED_ORIGINS: v.optional(
    v.pipe(
      v.string(),
      v.transform((list) => list.split(/[\s,]+/).filter(Boolean)),
      v.array(origin()),
    ),
    "",
  ),
  TRUST_PROXY: v.optional(whole(0, 10), "0"),
  RATE_MESSAGES_PER_MINUTE: v.optional(whole(0, 1e6), "100"),
  MAX_CONNECTIONS_PER_IP: v.optional(whole(0, 1e6), "200"),
  MAX_CONNECTIONS_PER_USER: v.optional(whole(0, 1e6), "50"),
  MAX_MESSAGE_LENGTH: v.optional(whole(0, 50_000), "4000"),
  EDIT_MINUTES: v.optional(whole(0, 5_256_000), "1440"),
  RETENTION_DAYS: v.optional(whole(0, 36_500), "0"),
  TIME_ZONE: v.optional(timeZone(), "Asia/Taipei"),
  PAGE_LANGUAGE: v.optional(language),
  /** The former name of PAGE_LANGUAGE; desktops set a variable of this name for their own purposes. */
  LANGUAGE: v.optional(v.string()),
  PUBLIC_URL: v.optional(origin()),
  BASE_PATH: v.optional(basePath(), ""),
  FRAME_ANCESTORS: v.optional(sources(), ""),
  SIGNUPS_PER_HOUR: v.optional(whole(0, 1e6), "60"),
  REDIS_URL: v.optional(v.pipe(v.string(), v.regex(/^rediss?:\/\/./, "redis://host:port"))),
  DENO_JOBS: v.optional(whole(0, 1_000), "0"),
  ...FILE_VARIABLES,
  LOG_LEVEL: v.optional(oneOf("debug", "info", "warn", "error"), "info"),
  /** Deno reads this one, too, and Deno Deploy sets the next one. */
  OTEL_DENO: v.optional(v.string()),
  DENO_DEPLOYMENT_ID: v.optional(v.string()),
};

const Environment = v.object(VARIABLES);

/** The names of all variables: a process passes them to those that it starts. */
export const VARIABLE_NAMES: readonly string[] = Object.keys(VARIABLES);

/** The result of {@link examine}. */
export interface Examination {
  /** With defaults for invalid variables. */
  readonly config: Config;
  /** Why a variable is invalid, by its name; secrets aren't quoted. */
  readonly complaints: ReadonlyMap<string, string>;
  /** Why a variable is ignored, by its name. */
  readonly warnings: ReadonlyMap<string, string>;
}

/**
 * Reads the environment.
 *
 * @throws {ConfigError} that names everything wrong.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const { config, complaints } = examine(env);
  if (complaints.size) throw new ConfigError([...complaints.values()].join("\n"));
  return config;
}

/** Reads the environment without throwing; empty variables count as unset. */
export function examine(env: Readonly<Record<string, string | undefined>>): Examination {
  const set = new Map(
    Object.entries(env).filter(([name]) => Object.hasOwn(VARIABLES, name))
      .map(([name, value = ""]) => [name, bareValue(value)] as const)
      .filter(([, value]) => value !== ""),
  );
  const complaints = new Map<string, string>();
  for (const issue of v.safeParse(Environment, Object.fromEntries(set)).issues ?? []) {
    const name = String(issue.path?.[0].key);
    complaints.set(name, complaints.get(name) ?? complaint(name, issue));
  }
  if (set.has("ADMIN_USERNAME") !== set.has("ADMIN_PASSWORD")) {
    const [present, missing] = set.has("ADMIN_USERNAME")
      ? ["ADMIN_USERNAME", "ADMIN_PASSWORD"]
      : ["ADMIN_PASSWORD", "ADMIN_USERNAME"];
    complaints.set(missing, `${present} is set without ${missing}; wanted: both, or neither`);
  }
  for (const [name, complaint] of incompleteS3(set)) complaints.set(name, complaint);
  for (const name of complaints.keys()) set.delete(name);
  const warnings = new Map<string, string>();
  const foreign = set.get("LANGUAGE");
  if (foreign !== undefined && !set.has("PAGE_LANGUAGE") && !v.is(language, foreign)) {
    warnings.set(
      "LANGUAGE",
      `LANGUAGE is ${
        JSON.stringify(foreign)
      }, the desktop's, and ignored; PAGE_LANGUAGE says what pages speak`,
    );
  }
  return { config: configOf(v.parse(Environment, Object.fromEntries(set))), complaints, warnings };
}

function configOf(all: v.InferOutput<typeof Environment>): Config {
  const kvPath = all.KV_PATH ?? (all.DENO_DEPLOYMENT_ID ? undefined : "data/talksheet.db");
  return Object.freeze({
    host: all.HOST,
    port: all.PORT,
    kvPath,
    ...sheetConfigOf(all),
    outboxLimit: all.OUTBOX_LIMIT,
    auth: all.AUTH,
    signup: all.SIGNUP,
    adminUsername: all.ADMIN_USERNAME,
    adminPassword: all.ADMIN_PASSWORD,
    serviceToken: all.SERVICE_TOKEN,
    allowedOrigins: all.ALLOWED_ORIGINS,
    pushSubject: all.PUSH_SUBJECT,
    pushOrigins: all.PUSH_ORIGINS,
    pushAfterMs: 5_000,
    staticUrl: undefined,
    trustProxy: all.TRUST_PROXY,
    rateMessagesPerMinute: all.RATE_MESSAGES_PER_MINUTE,
    maxConnectionsPerIp: all.MAX_CONNECTIONS_PER_IP,
    maxConnectionsPerUser: all.MAX_CONNECTIONS_PER_USER,
    maxMessageLength: all.MAX_MESSAGE_LENGTH,
    editMinutes: all.EDIT_MINUTES,
    retentionDays: all.RETENTION_DAYS,
    timeZone: all.TIME_ZONE,
    language: all.PAGE_LANGUAGE ??
      (v.is(language, all.LANGUAGE) ? v.parse(language, all.LANGUAGE) : "zh-Hant"),
    publicUrl: all.PUBLIC_URL ?? "",
    basePath: all.BASE_PATH,
    frameAncestors: all.FRAME_ANCESTORS,
    signupsPerHour: all.SIGNUPS_PER_HOUR,
    redisUrl: all.REDIS_URL,
    jobs: all.DENO_JOBS,
    reusePort: false,
    instance: undefined,
    isolate: 0,
    passwordCost: PASSWORD_COST,
    isDeployed: all.DENO_DEPLOYMENT_ID !== undefined,
    isTraced: all.OTEL_DENO === "true" || all.OTEL_DENO === "1",
    fanOut: all.REDIS_URL ? "redis" : isRemote(kvPath) ? "kv" : "none",
    ...filesConfigOf(all),
    logLevel: all.LOG_LEVEL,
  });
}

/** Whether KV is reached over the network. */
export function isRemote(kvPath: string | undefined): boolean {
  return kvPath === undefined || /^https?:/.test(kvPath);
}

/** The database file; `undefined` where there is none. */
export function databaseFile({ kvPath: path }: Pick<Config, "kvPath">): string | undefined {
  return path === undefined || isRemote(path) || path === ":memory:" ? undefined : path;
}

const SECRETS = new Set([
  "SERVICE_TOKEN",
  "REDIS_URL",
  "GOOGLE_CREDS_JSON",
  "ADMIN_PASSWORD",
  "S3_SECRET_ACCESS_KEY",
]);

function complaint(name: string, { path, message }: v.BaseIssue<unknown>): string {
  const value = SECRETS.has(name) ? "not usable" : JSON.stringify(path?.[0].value);
  return `${name} is ${value}; wanted: ${message}`;
}

/** A name with a scheme of more than one letter is a URL; `C:\data` is a file. */
function isDatabase(path: string): boolean {
  return !/^[a-z][a-z\d+.-]+:/i.test(path) || isRemote(path);
}
