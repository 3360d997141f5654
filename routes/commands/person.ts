/** `deno task person export|erase <name>`: what one person said in the rooms of the running service. */
import { type Act, command, type Running, surroundings } from "./command.ts";

const USAGE = `Usage: deno task person export <name>   all that was said under this name, as JSON lines
       deno task person erase <name>    erases it from the history; rows in the sheet stay`;

/** `deno task person` */
export const personCommand = command(USAGE, understand);

function understand([verb, name, ...others]: readonly string[]): Act | undefined {
  if (!name || others.length) return undefined;
  const path = `/api/people/${encodeURIComponent(name)}/messages`;
  if (verb === "export") return (service) => exportMessages(service, path);
  if (verb === "erase") return (service) => erase(service, path);
}

async function* exportMessages(service: Running, path: string): AsyncGenerator<string> {
  let rest = "";
  for await (const text of service.read(path)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

async function* erase(service: Running, path: string): AsyncGenerator<string> {
  const { erased }: { erased: number } = await service.ask("DELETE", path);
  yield `${erased} messages are erased from the history`;
}

if (import.meta.main) Deno.exit(await personCommand(Deno.args, surroundings()));
