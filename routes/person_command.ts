/** `deno task person export|erase <name>`: what one person said in the rooms of the running service. */
import { ask, NO_TOKEN, type Surroundings, surroundings } from "./command.ts";

const USAGE = `Usage: deno task person export <name>   all that was said under this name, as JSON lines
       deno task person erase <name>    erases it from the history; rows in the sheet stay`;

/** Runs the command; resolves to its exit status: 0 done, 1 refused or not reachable, 2 wrong words. */
export async function lookAfterPerson(args: readonly string[], around: Surroundings): Promise<number> {
  const [verb, name, ...others] = args;
  const isUnderstood = (verb === "export" || verb === "erase") && name && !others.length;
  if (!isUnderstood || !around.serviceToken) {
    around.print(isUnderstood ? NO_TOKEN : USAGE);
    return 2;
  }
  const path = `/api/people/${encodeURIComponent(name)}/messages`;
  if (verb === "export") return await exportMessages(around, path);
  return await ask(
    around,
    "DELETE",
    path,
    ({ erased }) => [`${erased} messages are erased from the history`],
  );
}

async function exportMessages({ url, serviceToken, print }: Surroundings, path: string): Promise<number> {
  try {
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${serviceToken}` } });
    if (!response.ok || !response.body) {
      print((await response.json()).error);
      return 1;
    }
    let rest = "";
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) print(line);
    }
    return 0;
  } catch (error) {
    print(`No answer from ${url} (${error instanceof Error ? error.message : error})`);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await lookAfterPerson(Deno.args, surroundings()));
