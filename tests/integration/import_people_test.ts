import { assertEquals, assertMatch } from "@std/assert";
import { backend, member } from "../support/cast.ts";
import { startService, TOKEN } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";
import { userCommand } from "../../routes/commands/user.ts";

Deno.test("deno task user import makes accounts from a list after a dry run, and prints links that sign in once", async () => {
  await using service = await startService();
  await member(service.url, "bo");
  const path = `${service.directory}/people.csv`;
  const run = async (text: string, ...options: string[]) => {
    await Deno.writeTextFile(path, text);
    const [lines, errors]: [string[], string[]] = [[], []];
    const around = {
      url: service.url,
      serviceToken: TOKEN,
      print: (line: string) => void lines.push(line),
      complain: (line: string) => void errors.push(line),
    };
    return { status: await userCommand(["import", path, ...options], around), lines, errors };
  };
  const wrong = await run("username,role,team\nada,boss,x\n", "--dry-run");
  assertEquals([wrong.status, wrong.errors[0].includes(`no column "team"`)], [1, true]);
  const lines = await run(`username,role\nada,boss\n,user\n"ada",user\n`, "--dry-run");
  assertEquals(lines.errors[0].split("\n").slice(1), [
    'line 2: "role" is "boss", must be user or admin',
    'line 3: "username" is empty',
    "line 4: ada stands in line 2 already",
  ]);
  const list = `\ufeffusername,display_name,role,rooms\r\nada,"Ada, L.",,class;staff\r\nbo,,,class\r\n`;
  const dry = await run(list, "--dry-run");
  assertEquals([dry.status, dry.lines.at(-1)], [0, "1 accounts would be made; nothing was changed"]);
  assertEquals((await backend(service.url).ask("GET", "/api/users")).body.users.length, 1);
  assertEquals((await run(list)).status, 2);
  const done = await run(list, "--url", `${service.url}/`);
  assertEquals([done.status, done.errors], [0, []]);
  const link = done.lines[0].split("  ")[1];
  assertMatch(link, new RegExp(`^${service.url}/account/link/[0-9A-Z]{26}\\.[\\w-]{22}$`));
  assertEquals((await backend(service.url).ask("GET", "/api/rooms/class")).body.members, ["ada", "bo"]);

  const ada = new Visitor(service.url);
  assertEquals((await ada.ask("GET", new URL(link).pathname)).headers.get("location"), "/account/link/");
  const page = await ada.ask("GET", "/account/link/");
  assertEquals([page.status, page.body.includes("Ada, L.")], [200, true]);
  const [second, third] = [new Visitor(service.url), new Visitor(service.url)];
  for (const visitor of [second, third]) await visitor.ask("GET", new URL(link).pathname);
  const entered = await Promise.all([ada, second].map((one) => one.ask("POST", "/account/link/")));
  assertEquals(entered.map(({ status }) => status).sort(), [303, 404]);
  assertEquals((await third.ask("GET", "/account/link/")).status, 404);
  const winner = entered[0].status === 303 ? ada : second;
  assertEquals((await winner.ask("GET", "/api/session")).body.user.username, "ada");
});
