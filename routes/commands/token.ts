/** `deno task token add|list|remove`: tokens with the service role, of the running service. */
import { parseArgs } from "node:util";
import { type Act, command, type Running, surroundings } from "./command.ts";

const USAGE = `Usage: deno task token add <name> [--days N]   prints the token, this once
       deno task token list
       deno task token remove <id>`;

interface TokenView {
  readonly id: string;
  readonly name: string;
  readonly used_at: string;
  readonly ends_at: string;
}

/** `deno task token` */
export const tokenCommand = command(USAGE, understand);

function understand(args: readonly string[]): Act | undefined {
  // An id may begin with a dash, and is no option then.
  if (args[0] === "remove" && args.length === 2) return (service) => remove(service, args[1]);
  const { positionals: [verb, ...words], values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { days: { type: "string" } },
  });
  const [word] = words;
  if (verb === "list" && words.length === 0) return list;
  if (verb === "add" && words.length === 1) return (service) => add(service, word, values.days);
}

async function* list(service: Running): AsyncGenerator<string> {
  const { tokens }: { tokens: TokenView[] } = await service.ask("GET", "/api/tokens");
  if (!tokens.length) yield "None";
  for (const { id, name, used_at: usedAt, ends_at: endsAt } of tokens) {
    yield `${id}  ${name}  last used ${usedAt}  ends ${endsAt}`;
  }
}

async function* add(service: Running, name: string, days: string | undefined): AsyncGenerator<string> {
  const body = { name, role: "service", expires_in_days: days === undefined ? undefined : Number(days) };
  const { token }: { token: string } = await service.ask("POST", "/api/tokens", body);
  yield token;
}

async function* remove(service: Running, id: string): AsyncGenerator<string> {
  await service.ask("DELETE", `/api/tokens/${encodeURIComponent(id)}`);
  yield `${id} is removed`;
}

if (import.meta.main) Deno.exit(await tokenCommand(Deno.args, surroundings()));
