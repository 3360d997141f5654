/** `deno task send <room> <message> [--as NAME]`: says something in a room of the running service. */
import { parseArgs } from "node:util";
import { NO_TOKEN, type Surroundings, surroundings } from "./command.ts";
import { roomNameIn } from "./room_name.ts";

const USAGE = "Usage: deno task send <room> <message> [--as NAME]";

/** Runs the command; resolves to its exit status: 0 sent, 1 refused or not reachable, 2 wrong words. */
export async function send(
  args: readonly string[],
  { url, serviceToken, print }: Surroundings,
): Promise<number> {
  const said = understand(args);
  if (!said) {
    print(USAGE);
    return 2;
  }
  if (!serviceToken) {
    print(NO_TOKEN);
    return 2;
  }
  const address = `${url}/api/rooms/${encodeURIComponent(said.room)}/messages`;
  try {
    const response = await fetch(address, {
      method: "POST",
      headers: { authorization: `Bearer ${serviceToken}`, "content-type": "application/json" },
      body: JSON.stringify({ message: said.message, username: said.as }),
    });
    const answer = await response.json();
    print(response.ok ? `Sent as ${answer.id}` : `Not sent: ${answer.error}`);
    return response.ok ? 0 : 1;
  } catch (error) {
    print(`Not sent: no answer from ${url} (${error instanceof Error ? error.message : error})`);
    return 1;
  }
}

function understand(
  args: readonly string[],
): { room: string; message: string; as: string | undefined } | undefined {
  try {
    const { positionals: [room, ...words], values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { as: { type: "string" } },
    });
    const message = words.join(" ");
    return message ? { room: roomNameIn(room), message, as: values.as } : undefined;
  } catch {
    return undefined;
  }
}

if (import.meta.main) Deno.exit(await send(Deno.args, surroundings()));
