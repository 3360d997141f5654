/** The real service for tests: on a free port, with its files in a directory that goes with it. */
import { type Service, start } from "../../main.ts";
import type { Frame } from "./client.ts";
import type { Config } from "../../routes/config.ts";
import { CHEAP_PASSWORDS } from "./passwords.ts";

export interface TestService extends Service {
  /** Where its files are. */
  readonly directory: string;
  /** The rows of the CSV file, header included, each as its cells. */
  rows(): Promise<string[][]>;
}

/** A token with the service role. */
export const TOKEN = "a-token-for-tests-only";

/** A directory for one test, removed with it. */
export async function temporaryDirectory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "talksheet_test_" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Starts a service with KV in memory, or in `directory` when one is given, and rows in a CSV file. */
export async function startService(
  config: Partial<Config> = {},
  directory: string | undefined = undefined,
): Promise<TestService> {
  const own = directory === undefined ? await temporaryDirectory() : undefined;
  const path = directory ?? own?.path ?? "";
  const logCsvPath = config.logCsvPath ?? `${path}/ChatLogs.csv`;
  const service = await start({
    host: "127.0.0.1",
    port: 0,
    kvPath: own ? ":memory:" : `${path}/talksheet.db`,
    logCsvPath,
    filesPath: `${path}/files`,
    serviceToken: TOKEN,
    rateMessagesPerMinute: 0,
    logLevel: "error",
    passwordCost: CHEAP_PASSWORDS,
    ...config,
  });
  return {
    url: service.url,
    sweep: () => service.sweep(),
    directory: path,
    stop: () => service.stop(),
    rows: async () => parseCsv(await Deno.readTextFile(logCsvPath)),
    async [Symbol.asyncDispose]() {
      await service.stop();
      await own?.[Symbol.asyncDispose]();
    },
  };
}

/** The cells of an RFC 4180 text, without a byte order mark in front. */
export function parseCsv(whole: string): string[][] {
  const text = whole.replace(/^\ufeff/, "");
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    if (end === "" && !quoted && !plain && !row.length) break;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

/** The whole history of a room, read page by page. */
export async function readHistory(origin: string, room: string): Promise<Frame[]> {
  const all: Frame[] = [];
  for (let more = true; more;) {
    const before = all.length ? `&before=${all[0].id}` : "";
    const response = await fetch(
      `${origin}/api/rooms/${encodeURIComponent(room)}/messages?limit=200${before}`,
    );
    const page = await response.json();
    all.unshift(...page.messages);
    more = page.more;
  }
  return all;
}
