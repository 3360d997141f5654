/** `deno task token add|list|remove`: tokens with the service role, of the running service. */
import { parseArgs } from "node:util";
import { ask, NO_TOKEN, type Surroundings, surroundings } from "./command.ts";

const USAGE = `Usage: deno task token add <name> [--days N]   prints the token, this once
       deno task token list
       deno task token remove <id>`;

type Run = (around: Surroundings) => Promise<number>;

/** Runs the command; resolves to its exit status: 0 done, 1 refused or not reachable, 2 wrong words. */
export async function lookAfterTokens(args: readonly string[], around: Surroundings): Promise<number> {
  const run = understand(args);
  if (!run || !around.serviceToken) {
    around.print(run ? NO_TOKEN : USAGE);
    return 2;
  }
  return await run(around);
}

function understand(args: readonly string[]): Run | undefined {
  try {
    const { positionals: [verb, ...words], values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { days: { type: "string" } },
    });
    const [word] = words;
    if (verb === "list" && words.length === 0) return list;
    if (verb === "add" && words.length === 1) return add(word, values.days);
    if (verb === "remove" && words.length === 1) {
      return (around) =>
        ask(around, "DELETE", `/api/tokens/${encodeURIComponent(word)}`, () => [`${word} is removed`]);
    }
  } catch {
    // An option that isn't known.
  }
}

function list(around: Surroundings): Promise<number> {
  return ask(around, "GET", "/api/tokens", ({ tokens }) => {
    const lines = tokens.map(({ id, name, used_at: usedAt, ends_at: endsAt }) =>
      `${id}  ${name}  last used ${usedAt}  ends ${endsAt}`
    );
    return lines.length ? lines : ["None"];
  });
}

function add(name: string, days: string | undefined): Run {
  const body = { name, role: "service", expires_in_days: days === undefined ? undefined : Number(days) };
  return (around) => ask(around, "POST", "/api/tokens", ({ token }) => [String(token)], body);
}

if (import.meta.main) Deno.exit(await lookAfterTokens(Deno.args, surroundings()));
