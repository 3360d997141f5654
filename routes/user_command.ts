/** `deno task user add|list|role|password|remove`: looks after the accounts of the running service. */
import { parseArgs } from "node:util";
import { ask, NO_TOKEN, type Surroundings, surroundings } from "./command.ts";

const USAGE = `Usage: deno task user add <name> [--role user|admin] [--display NAME]   prints a password
       deno task user list
       deno task user role <name> user|admin
       deno task user password <name>                                   prints a new password
       deno task user remove <name>`;

/** Without the characters that look alike. */
const LETTERS = "abcdefghijkmnpqrstuvwxyz23456789";
const PASSWORD_LENGTH = 20;

type Run = (around: Surroundings) => Promise<number>;

/** Runs the command; resolves to its exit status: 0 done, 1 refused or not reachable, 2 wrong words. */
export async function lookAfterUsers(args: readonly string[], around: Surroundings): Promise<number> {
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
      options: { role: { type: "string" }, display: { type: "string" } },
    });
    const [name, role] = words;
    if (verb === "list" && words.length === 0) return list;
    if (verb === "add" && words.length === 1) return add(name, values.role, values.display);
    if (verb === "role" && words.length === 2) return change(name, { role }, `${name} is ${role} now`);
    if (verb === "password" && words.length === 1) {
      const password = newPassword();
      return change(name, { password }, `The password of ${name} is ${password}`);
    }
    if (verb === "remove" && words.length === 1) return remove(name);
  } catch {
    // An option that isn't known.
  }
}

function list(around: Surroundings): Promise<number> {
  return ask(around, "GET", "/api/users", ({ users }) => {
    const lines = users.map(({ username, display_name: displayName, role, created_at: at }) =>
      `${username}  ${role}  ${at}${displayName === username ? "" : `  (${displayName})`}`
    );
    return lines.length ? lines : ["None"];
  });
}

function add(username: string, role: string | undefined, displayName: string | undefined): Run {
  const password = newPassword();
  return (around) =>
    ask(around, "POST", "/api/users", () => [`The password of ${username} is ${password}`], {
      username,
      password,
      role,
      display_name: displayName,
    });
}

function change(name: string, body: { role?: string; password?: string }, done: string): Run {
  return (around) => ask(around, "PATCH", `/api/users/${encodeURIComponent(name)}`, () => [done], body);
}

function remove(name: string): Run {
  return (around) =>
    ask(around, "DELETE", `/api/users/${encodeURIComponent(name)}`, () => [`${name} is removed`]);
}

/** About 100 bits; people change it on their account's page. */
function newPassword(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(PASSWORD_LENGTH));
  return Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join("");
}

if (import.meta.main) Deno.exit(await lookAfterUsers(Deno.args, surroundings()));
