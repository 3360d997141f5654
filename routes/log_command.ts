/** `deno task log status|dead|retry [id]|export`: looks after the log of the running service. */
import { NO_TOKEN, type Surroundings, surroundings } from "./command.ts";

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

/** Runs the command; resolves to its exit status: 0 done, 1 refused or not reachable, 2 wrong words. */
export async function lookAfterLog(args: readonly string[], around: Surroundings): Promise<number> {
  const { print } = around;
  const [verb = "", id, ...others] = args;
  const isUnderstood = Object.hasOwn(VERBS, verb) && !others.length && (id === undefined || verb === "retry");
  if (!isUnderstood || !around.serviceToken) {
    print(isUnderstood ? NO_TOKEN : USAGE);
    return 2;
  }
  try {
    return await VERBS[verb](around, id);
  } catch (error) {
    print(`No answer from ${around.url} (${error instanceof Error ? error.message : error})`);
    return 1;
  }
}

const VERBS: Readonly<Record<string, (around: Surroundings, id: string | undefined) => Promise<number>>> = {
  status: (around) =>
    ask(around, "GET", "", async (response) => {
      const { sheet, state, pending, dead, reason } = await response.json();
      return [`${sheet}: ${state}, ${pending} waiting, ${dead} refused`, ...(reason ? [reason] : [])];
    }),
  dead: (around) =>
    ask(around, "GET", "/dead", async (response) => {
      const { dead }: { dead: DeadMessage[] } = await response.json();
      if (!dead.length) return ["None"];
      return dead.map(({ id, time, room, username, cause }) =>
        `${id}  ${time}  ${room}  ${username}: ${cause}`
      );
    }),
  retry: (around, id) =>
    ask(around, "POST", "/retry", async (response) => [`Trying ${(await response.json()).retried} again`], {
      id,
    }),
  export: (around) =>
    ask(around, "GET", "/dead.csv", async (response) => [(await response.text()).trimEnd()]),
};

async function ask(
  { url, serviceToken, print }: Surroundings,
  method: string,
  path: string,
  tell: (response: Response) => Promise<string[]>,
  body?: unknown,
): Promise<number> {
  const response = await fetch(`${url}/api/log${path}`, {
    method,
    headers: { authorization: `Bearer ${serviceToken}`, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const lines = response.ok ? await tell(response) : [(await response.json()).error];
  for (const line of lines) print(line);
  return response.ok ? 0 : 1;
}

if (import.meta.main) Deno.exit(await lookAfterLog(Deno.args, surroundings()));
