/** `deno task user add|list|role|password|remove`: looks after the accounts of the running service. */
import { parseArgs } from "node:util";
import { type Act, type Ask, command, surroundings } from "./command.ts";

const USAGE = `Usage: deno task user add <name> [--role user|admin] [--display NAME]   prints a password
       deno task user list
       deno task user role <name> user|admin
       deno task user password <name>                                   prints a new password
       deno task user remove <name>`;

/** Without the characters that look alike. */
const LETTERS = "abcdefghijkmnpqrstuvwxyz23456789";
const PASSWORD_LENGTH = 20;

interface UserView {
  readonly username: string;
  readonly display_name: string;
  readonly role: string;
  readonly created_at: string;
}

export const lookAfterUsers = command(USAGE, understand);

function understand(args: readonly string[]): Act | undefined {
  const { positionals: [verb, ...words], values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { role: { type: "string" }, display: { type: "string" } },
  });
  const [name, role] = words;
  if (verb === "list" && words.length === 0) return list;
  if (verb === "add" && words.length === 1) return (ask) => add(ask, name, values);
  if (verb === "role" && words.length === 2) {
    return (ask) => change(ask, name, { role }, `${name} is ${role} now`);
  }
  if (verb === "password" && words.length === 1) {
    const password = newPassword();
    return (ask) => change(ask, name, { password }, `The password of ${name} is ${password}`);
  }
  if (verb === "remove" && words.length === 1) return (ask) => remove(ask, name);
}

async function* list(ask: Ask): AsyncGenerator<string> {
  const { users }: { users: UserView[] } = await (await ask("GET", "/api/users")).json();
  if (!users.length) yield "None";
  for (const { username, display_name: displayName, role, created_at: at } of users) {
    yield `${username}  ${role}  ${at}${displayName === username ? "" : `  (${displayName})`}`;
  }
}

async function* add(
  ask: Ask,
  username: string,
  { role, display }: { role?: string; display?: string },
): AsyncGenerator<string> {
  const password = newPassword();
  await ask("POST", "/api/users", { username, password, role, display_name: display });
  yield `The password of ${username} is ${password}`;
}

async function* change(
  ask: Ask,
  name: string,
  body: { role?: string; password?: string },
  done: string,
): AsyncGenerator<string> {
  await ask("PATCH", `/api/users/${encodeURIComponent(name)}`, body);
  yield done;
}

async function* remove(ask: Ask, name: string): AsyncGenerator<string> {
  await ask("DELETE", `/api/users/${encodeURIComponent(name)}`);
  yield `${name} is removed`;
}

/** About 100 bits; people change it on their account's page. */
function newPassword(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(PASSWORD_LENGTH));
  return Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join("");
}

if (import.meta.main) Deno.exit(await lookAfterUsers(Deno.args, surroundings()));
