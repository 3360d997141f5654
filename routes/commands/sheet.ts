/** `deno task sheet status|dead|retry [id]|export`: the delivery of rows by the running service. */
import { type Act, command, type Running, surroundings } from "./command.ts";

const USAGE = `Usage: deno task sheet status        how rows get into the sheet
       deno task sheet dead          messages that the sheet refused, and why
       deno task sheet retry [id]    try one of them again, or all, and whatever else is waiting
       deno task sheet export        these messages as CSV, on stdout`;

interface Status {
  readonly sheet: string;
  readonly state: string;
  readonly pending: number;
  readonly dead: number;
  readonly reason?: string;
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

function understand([verb, id, ...others]: readonly string[]): Act | undefined {
  if (others.length) return undefined;
  if (verb === "retry") return (service) => retry(service, id);
  if (id !== undefined) return undefined;
  if (verb === "status") return status;
  if (verb === "dead") return list;
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

if (import.meta.main) Deno.exit(await sheetCommand(Deno.args, surroundings()));
