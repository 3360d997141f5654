/** `deno task send <room> <message> [--as NAME]`: says something in a room of the running service. */
import { parseArgs } from "node:util";
import { roomNameIn } from "./room_name.ts";

const USAGE = "Usage: deno task send <room> <message> [--as NAME]";

/** What the command needs from around it. */
export interface Surroundings {
  /** The running service, as an origin. */
  readonly url: string;
  readonly serviceToken: string | undefined;
  readonly print: (line: string) => void;
}

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
    print("SERVICE_TOKEN is not set; wanted: the token that the service was started with");
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

if (import.meta.main) {
  const host = Deno.env.get("HOST") || "0.0.0.0";
  const status = await send(Deno.args, {
    url: `http://${host === "0.0.0.0" ? "127.0.0.1" : host}:${Deno.env.get("PORT") || 8000}`,
    serviceToken: Deno.env.get("SERVICE_TOKEN"),
    // deno-lint-ignore no-console -- a command speaks on stdout
    print: (line) => console.log(line),
  });
  Deno.exit(status);
}
