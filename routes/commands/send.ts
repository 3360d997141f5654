/** `deno task send <room> <message> [--as NAME]`: says something in a room of the running service. */
import { parseArgs } from "node:util";
import { type Act, command, type Running, surroundings } from "./command.ts";
import { roomNameIn } from "../path_params.ts";

const USAGE = "Usage: deno task send <room> <message> [--as NAME]";

/** `deno task send` */
export const send = command(USAGE, understand);

function understand(args: readonly string[]): Act | undefined {
  const { positionals: [name, ...words], values: { as: username } } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { as: { type: "string" } },
  });
  const message = words.join(" ");
  if (!message) return undefined;
  const room = roomNameIn(name);
  return (service) => say(service, room, { message, username });
}

async function* say(
  service: Running,
  room: string,
  body: { message: string; username: string | undefined },
): AsyncGenerator<string> {
  const path = `/api/rooms/${encodeURIComponent(room)}/messages`;
  const { id }: { id: string } = await service.ask("POST", path, body);
  yield `Sent as ${id}`;
}

if (import.meta.main) Deno.exit(await send(Deno.args, surroundings()));
