/** `deno task person export|erase <name>`: what one person said in the rooms of the running service. */
import { type Act, type Ask, command, surroundings } from "./command.ts";

const USAGE = `Usage: deno task person export <name>   all that was said under this name, as JSON lines
       deno task person erase <name>    erases it from the history; rows in the sheet stay`;

export const lookAfterPerson = command(USAGE, understand);

function understand([verb, name, ...others]: readonly string[]): Act | undefined {
  if (!name || others.length) return undefined;
  const path = `/api/people/${encodeURIComponent(name)}/messages`;
  if (verb === "export") return (ask) => exportMessages(ask, path);
  if (verb === "erase") return (ask) => erase(ask, path);
}

async function* exportMessages(ask: Ask, path: string): AsyncGenerator<string> {
  const { body } = await ask("GET", path);
  let rest = "";
  for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

async function* erase(ask: Ask, path: string): AsyncGenerator<string> {
  const { erased } = await (await ask("DELETE", path)).json();
  yield `${erased} messages are erased from the history`;
}

if (import.meta.main) Deno.exit(await lookAfterPerson(Deno.args, surroundings()));
