/**
 * The floor to compare with: a bare Deno server that joins the messages of a turn, commits their bytes to KV, and sends them
 * to the members of their room. No order, no resends, no history, no rows. What it costs is the platform's price.
 */
import { setImmediate } from "node:timers/promises";

const kv = await Deno.openKv(Deno.env.get("KV_PATH"));
const rooms = new Map<string, Set<WebSocket>>();
const encoder = new TextEncoder();
/** Bytes of one value at most, see `rooms/kv/value_packer.ts`. */
const VALUE_BYTES = 60_000;
let waiting: { room: string; text: string }[] = [];
let isFlushing = false;
let batch = 0;

async function flush(): Promise<void> {
  isFlushing = true;
  await setImmediate();
  while (waiting.length) {
    const taken = waiting;
    waiting = [];
    const bytes = encoder.encode(taken.map(({ text }) => text).join("\n"));
    const commit = kv.atomic();
    for (let at = 0; at < bytes.length; at += VALUE_BYTES) {
      commit.set(["batch", ++batch], bytes.subarray(at, at + VALUE_BYTES));
    }
    await commit.commit();
    for (const [room, messages] of Map.groupBy(taken, ({ room }) => room)) {
      const frame = `[${messages.map(({ text }) => text).join(",")}]`;
      for (const socket of rooms.get(room) ?? []) {
        if (socket.readyState === WebSocket.OPEN) socket.send(frame);
      }
    }
  }
  isFlushing = false;
}

function membersOf(room: string): Set<WebSocket> {
  const members = rooms.get(room) ?? new Set();
  rooms.set(room, members);
  return members;
}

const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
  const room = new URL(request.url).pathname;
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onopen = () => {
    membersOf(room).add(socket);
    // In place of the history: the client knows by this that it is a member.
    socket.send("[]");
  };
  socket.onclose = () => membersOf(room).delete(socket);
  socket.onmessage = ({ data }) => {
    const { message, username } = JSON.parse(data);
    const now = new Date().toISOString();
    waiting.push({ room, text: JSON.stringify({ message, username, time: now, timestamp: now }) });
    if (!isFlushing) void flush();
  };
  return response;
});
// deno-lint-ignore no-console -- tests/support/process.ts waits for it
console.error(JSON.stringify({ event: "started", url: `http://127.0.0.1:${server.addr.port}` }));
