/** `deno task log status|dead|retry [id]|export`: looks after the log of the running service. */
import { type Act, type Ask, command, surroundings } from "./command.ts";

const USAGE = `Usage: deno task log status        how rows get into the sheet
       deno task log dead          messages that the sheet refused, and why
       deno task log retry [id]    try one of them again, or all, and whatever else is waiting
       deno task log export        these messages as CSV, on stdout`;

interface DeadMessage {
  readonly id: string;
  readonly room: string;
  readonly username: string;
  readonly time: string;
  readonly cause: string;
}

export const lookAfterLog = command(USAGE, understand);

function understand([verb, id, ...others]: readonly string[]): Act | undefined {
  if (others.length) return undefined;
  if (verb === "retry") return (ask) => retry(ask, id);
  if (id !== undefined) return undefined;
  if (verb === "status") return status;
  if (verb === "dead") return list;
  if (verb === "export") return exportDead;
}

async function* status(ask: Ask): AsyncGenerator<string> {
  const { sheet, state, pending, dead, reason } = await (await ask("GET", "/api/log")).json();
  yield `${sheet}: ${state}, ${pending} waiting, ${dead} refused`;
  if (reason) yield reason;
}

async function* list(ask: Ask): AsyncGenerator<string> {
  const { dead }: { dead: DeadMessage[] } = await (await ask("GET", "/api/log/dead")).json();
  if (!dead.length) yield "None";
  for (const { id, time, room, username, cause } of dead) {
    yield `${id}  ${time}  ${room}  ${username}: ${cause}`;
  }
}

async function* retry(ask: Ask, id: string | undefined): AsyncGenerator<string> {
  yield `Trying ${(await (await ask("POST", "/api/log/retry", { id })).json()).retried} again`;
}

async function* exportDead(ask: Ask): AsyncGenerator<string> {
  yield (await (await ask("GET", "/api/log/dead.csv")).text()).trimEnd();
}

if (import.meta.main) Deno.exit(await lookAfterLog(Deno.args, surroundings()));
