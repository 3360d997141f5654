/** `deno task user add|list|role|password|remove|import`: the accounts of the running service. */
import { parseArgs } from "node:util";
import { importPeople } from "./import_people.ts";
import { type Act, command, type Running, surroundings } from "./command.ts";

const USAGE = `Usage: deno task user add <name> [--role user|admin] [--display NAME]   prints a password
       deno task user list
       deno task user role <name> user|admin
       deno task user password <name>                                   prints a new password
       deno task user remove <name>
       deno task user import <people.csv> [--dry-run] [--page] --url ADDRESS   prints links that sign each in once; \`--page\`: to print`;

/** Without characters that look alike. */
const LETTERS = "abcdefghijkmnpqrstuvwxyz23456789";
const PASSWORD_LENGTH = 20;

interface UserView {
  readonly username: string;
  readonly display_name: string;
  readonly role: string;
  readonly created_at: string;
}

/** `deno task user` */
export const userCommand = command(USAGE, understand);

function understand(args: readonly string[]): Act | undefined {
  const { positionals: [verb, ...words], values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      role: { type: "string" },
      display: { type: "string" },
      url: { type: "string" },
      "dry-run": { type: "boolean" },
      page: { type: "boolean" },
    },
  });
  const [name, role] = words;
  if (verb === "list" && words.length === 0) return list;
  if (verb === "add" && words.length === 1) return (service) => add(service, name, values);
  if (verb === "role" && words.length === 2) {
    return (service) => change(service, name, { role }, `${name} is ${role} now`);
  }
  if (verb === "password" && words.length === 1) {
    const password = newPassword();
    return (service) => change(service, name, { password }, `The password of ${name} is ${password}`);
  }
  if (verb === "import" && words.length === 1) {
    const { "dry-run": isDry = false, page: isPage = false, url = "" } = values;
    if (!isDry && !URL.canParse(url)) {
      throw new Error("--url must be the address that people use, such as https://chat.example.com");
    }
    return async function* (service) {
      const text = await Deno.readTextFile(name);
      yield* importPeople(service, text, { isDry, isPage, url: url.replace(/\/$/, ""), newPassword });
    };
  }
  if (verb === "remove" && words.length === 1) return (service) => remove(service, name);
}

async function* list(service: Running): AsyncGenerator<string> {
  const { users }: { users: UserView[] } = await service.ask("GET", "/api/users");
  if (!users.length) yield "None";
  for (const { username, display_name: displayName, role, created_at: at } of users) {
    yield `${username}  ${role}  ${at}${displayName === username ? "" : `  (${displayName})`}`;
  }
}

async function* add(
  service: Running,
  username: string,
  { role, display }: { role?: string; display?: string },
): AsyncGenerator<string> {
  const password = newPassword();
  await service.ask("POST", "/api/users", { username, password, role, display_name: display });
  yield `The password of ${username} is ${password}`;
}

async function* change(
  service: Running,
  name: string,
  body: { role?: string; password?: string },
  done: string,
): AsyncGenerator<string> {
  await service.ask("PATCH", `/api/users/${encodeURIComponent(name)}`, body);
  yield done;
}

async function* remove(service: Running, name: string): AsyncGenerator<string> {
  await service.ask("DELETE", `/api/users/${encodeURIComponent(name)}`);
  yield `${name} is removed`;
}

/** A random password of about 100 bits; people change it on their account's page. */
function newPassword(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(PASSWORD_LENGTH));
  return Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join("");
}

if (import.meta.main) Deno.exit(await userCommand(Deno.args, surroundings()));
