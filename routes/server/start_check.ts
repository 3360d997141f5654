/** Why the service can't start though its configuration is valid: each reason as one sentence that says what to do. */
import { dirname } from "node:path";
import { type Config, isRemote } from "../config.ts";

/** The first bytes of an SQLite database: https://sqlite.org/fileformat.html#magic_header_string */
const SQLITE = "SQLite format 3\0";

/**
 * Tries what the configuration names: the address to listen at, and the directories of files. Skips what depends on a
 * variable that is known to be `wrong`.
 */
export async function obstacles(
  config: Config,
  wrong: { has(name: string): boolean },
): Promise<string[]> {
  const isRight = (...names: string[]): boolean => !names.some((name) => wrong.has(name));
  const found = [
    isRight("HOST", "PORT") ? listening(config) : undefined,
    isRight("KV_PATH") ? await storing(config) : undefined,
    isRight("LOG_CSV_PATH") && !config.googleSheetId ? await logging(config) : undefined,
  ];
  return found.filter((sentence) => sentence !== undefined);
}

/** Why the service can't listen, from the error of the attempt. */
export function listenTrouble({ host, port }: Pick<Config, "host" | "port">, error: unknown): string {
  const at = `HOST is ${JSON.stringify(host)}`;
  const wanted = "wanted: 0.0.0.0 for all addresses of this machine, or 127.0.0.1 for programs on it alone";
  if (error instanceof Deno.errors.AddrInUse) {
    return `PORT is "${port}", where another program listens; wanted: end that one, or choose a free port (0 finds one)`;
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `PORT is "${port}", where this user may not listen; wanted: a port from 1024 on`;
  }
  if (error instanceof Deno.errors.NotCapable) {
    return `${at}, where the service may not listen; wanted: --allow-net, as in deno.json`;
  }
  if (error instanceof Deno.errors.AddrNotAvailable) return `${at}, no address of this machine; ${wanted}`;
  return `${at}, which can't be listened at (${messageOf(error)}); ${wanted}`;
}

/** Why the database can't be opened, from the error of the attempt. */
export function storeTrouble(path: string | undefined, error: unknown): string {
  return pathTrouble("KV_PATH", path ?? "", error);
}

function listening({ host: hostname, port }: Config): string | undefined {
  try {
    Deno.listen({ hostname, port }).close();
  } catch (error) {
    return listenTrouble({ host: hostname, port }, error);
  }
}

async function storing({ kvPath: path }: Config): Promise<string | undefined> {
  if (path === undefined || path === ":memory:" || isRemote(path)) return undefined;
  try {
    await tryWriting(dirname(path));
    const isOurs = await isDatabase(path);
    if (!isOurs) {
      return `KV_PATH is ${JSON.stringify(path)}, a file of another kind; wanted: a new file's name`;
    }
  } catch (error) {
    return pathTrouble("KV_PATH", path, error);
  }
}

/** A CSV file that can't be written now may become writable while the service runs; permissions of Deno can't. */
async function logging({ logCsvPath: path }: Config): Promise<string | undefined> {
  try {
    await tryWriting(dirname(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return pathTrouble("LOG_CSV_PATH", path, error);
  }
}

async function tryWriting(directory: string): Promise<void> {
  await Deno.mkdir(directory, { recursive: true });
  await Deno.remove(await Deno.makeTempFile({ dir: directory, prefix: ".talksheet_" }));
}

/** Whether the file is a database, or is empty or missing and can become one. */
async function isDatabase(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path, { read: true, write: true });
    const head = new Uint8Array(SQLITE.length);
    const count = await file.read(head);
    return count === null || new TextDecoder().decode(head) === SQLITE;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}

function pathTrouble(name: string, path: string, error: unknown): string {
  const is = `${name} is ${JSON.stringify(path)}`;
  if (error instanceof Deno.errors.NotCapable) {
    return `${is}, where Deno's permissions let the service write nothing; ` +
      `wanted: a path below data/, or its directory under "read" and "write" of permissions.service in deno.json`;
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `${is}, where this user may not write; wanted: a directory that belongs to the user who runs the service`;
  }
  return `${is}, which can't be written (${
    messageOf(error)
  }); wanted: a file in a directory that can be written to`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
