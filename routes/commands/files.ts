/** `deno task files check`: whether the storage of files and the database of the running service agree. */
import { type Act, command, type Running, surroundings } from "./command.ts";

const USAGE =
  "Usage: deno task files check   finds files that only the storage has, or only the database, or of another size";

interface Report {
  readonly files: number;
  readonly bytes: number;
  readonly stray: readonly { readonly id: string; readonly bytes: number }[];
  readonly lost: readonly KnownFile[];
  readonly damaged: readonly KnownFile[];
}

interface KnownFile {
  readonly id: string;
  readonly room: string;
  readonly name: string;
}

/** `deno task files` */
export const filesCommand = command(USAGE, understand);

function understand([verb, ...others]: readonly string[]): Act | undefined {
  return verb === "check" && !others.length ? check : undefined;
}

async function* check(service: Running): AsyncGenerator<string> {
  const { files, bytes, stray, lost, damaged }: Report = await service.ask("GET", "/api/files/check");
  const only = `${stray.length} only in the storage, ${lost.length} only in the database`;
  yield `${files} files, ${bytes} bytes; ${only}, ${damaged.length} of another size`;
  for (const { id, bytes } of stray) yield `only in the storage   ${id}  ${bytes} bytes`;
  for (const { id, room, name } of lost) yield `only in the database  ${id}  ${room}  ${name}`;
  for (const { id, room, name } of damaged) yield `of another size       ${id}  ${room}  ${name}`;
}

if (import.meta.main) Deno.exit(await filesCommand(Deno.args, surroundings()));
