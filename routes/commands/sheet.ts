/** `deno task sheet status|dead|retry [id]|export|verify|check|key`: the delivery of rows by the running service. */
import { parseArgs } from "node:util";
import { type Act, command, RefusedError, type Running, surroundings } from "./command.ts";

const USAGE = `Usage: deno task sheet status        how rows get into the sheet
       deno task sheet dead          messages that the sheet refused, and why
       deno task sheet retry [id]    try one of them again, or all, and whatever else is waiting
       deno task sheet export        these messages as CSV, on stdout
       deno task sheet check         try once what writing rows needs, and say what to do
       deno task sheet key           the secret by which sheets/verify.ts proves rows, on stdout
       deno task sheet verify [--from 2026-03-01] [--repair]
                                     which rows are missing, doubled, changed or foreign; appends what is missing`;

interface Status {
  readonly sheet: string;
  readonly state: string;
  readonly pending: number;
  readonly dead: number;
  readonly reason?: string;
}

/** What is wrong with the rows: ids by kind. */
interface Verdict {
  readonly rows: number;
  readonly missing: readonly string[];
  readonly doubled: readonly string[];
  readonly changed: readonly string[];
  readonly foreign: readonly string[];
  readonly unread?: readonly string[];
  readonly unproven?: readonly string[];
}

interface DeadMessage {
  readonly id: string;
  readonly room: string;
  readonly username: string;
  readonly time: string;
  readonly cause: string;
}

/** `deno task sheet` */
export const sheetCommand = command(USAGE, understand);

function understand([verb, ...args]: readonly string[]): Act | undefined {
  if (verb === "verify") return verification(args);
  const [id, ...others] = args;
  if (others.length) return undefined;
  if (verb === "retry") return (service) => retry(service, id);
  if (id !== undefined) return undefined;
  if (verb === "status") return status;
  if (verb === "dead") return list;
  if (verb === "check") return check;
  if (verb === "key") return key;
  if (verb === "export") return exportDead;
}

async function* status(service: Running): AsyncGenerator<string> {
  const { sheet, state, pending, dead, reason }: Status = await service.ask("GET", "/api/log");
  yield `${sheet}: ${state}, ${pending} waiting, ${dead} refused`;
  if (reason) yield reason;
}

async function* list(service: Running): AsyncGenerator<string> {
  const { dead }: { dead: DeadMessage[] } = await service.ask("GET", "/api/log/dead");
  if (!dead.length) yield "None";
  for (const { id, time, room, username, cause } of dead) {
    yield `${id}  ${time}  ${room}  ${username}: ${cause}`;
  }
}

async function* retry(service: Running, id: string | undefined): AsyncGenerator<string> {
  const { retried }: { retried: number } = await service.ask("POST", "/api/log/retry", { id });
  yield `Trying ${retried} again`;
}

async function* exportDead(service: Running): AsyncGenerator<string> {
  const texts = await Array.fromAsync(service.read("/api/log/dead.csv"));
  yield texts.join("").trimEnd();
}

async function* key(service: Running): AsyncGenerator<string> {
  const { key }: { key: string } = await service.ask("GET", "/api/log/key");
  yield key;
}

/** What each step of a check means. */
const STEPS: Readonly<Record<string, string>> = {
  sign_in: "Google lets the account in",
  spreadsheet: "the spreadsheet is there, and is shared with it",
  tab: "the tab is as it should be, or is made with the first row",
  write: "a test row was written into a hidden tab",
  read: "and read",
  delete: "and deleted with its tab",
  file: "the file can be written",
};

async function* check(service: Running): AsyncGenerator<string> {
  const { done, problem }: { done: string[]; problem?: { message: string } } = await service.ask(
    "POST",
    "/api/log/check",
  );
  for (const step of done) yield `ok  ${STEPS[step] ?? step}`;
  if (problem) throw new RefusedError(problem.message);
  yield "Rows can be written";
}

function verification(args: readonly string[]): Act {
  const { values } = parseArgs({
    args: [...args],
    options: { from: { type: "string" }, repair: { type: "boolean" } },
  });
  return (service) => verify(service, values.from, values.repair ?? false);
}

async function* verify(service: Running, from: string | undefined, repair: boolean): AsyncGenerator<string> {
  const { rows, ...findings }: Verdict = await service.ask("POST", "/api/log/verify", { from, repair });
  const found = Object.entries(findings).filter(([, ids]) => ids.length);
  for (const [kind, ids] of found) for (const id of ids) yield `${kind}  ${id}`;
  if (!found.length) return yield `${rows} rows stand as they were said`;
  if (repair && findings.missing.length) yield `Appending ${findings.missing.length}`;
  throw new RefusedError(
    `Of ${rows} rows: ${found.map(([kind, { length }]) => `${length} ${kind}`).join(", ")}`,
  );
}

if (import.meta.main) Deno.exit(await sheetCommand(Deno.args, surroundings()));
