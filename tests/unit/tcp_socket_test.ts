import { assert } from "@std/assert";
import { type TcpConnection, TcpSocket } from "../../routes/sockets/tcp_socket.ts";
import { rawFrame } from "../support/raw_socket.ts";

Deno.test("TcpSocket lets others have their turn though its peer always has something to say", async () => {
  const ping = rawFrame({ opcode: 9, payload: new Uint8Array(125) });
  const most = 1_000;
  let reads = 0;
  const line: TcpConnection = {
    read(buffer) {
      if (reads === most) return Promise.resolve(null);
      reads++;
      const count = Math.floor(buffer.length / ping.length);
      for (let i = 0; i < count; i++) buffer.set(ping, i * ping.length);
      return Promise.resolve(count * ping.length);
    },
    write: ({ length }) => Promise.resolve(length),
    close() {},
  };
  let readsBefore = Infinity;
  setTimeout(() => readsBefore = reads);
  const socket = new TcpSocket(line, {
    head: new Uint8Array(1),
    maxMessageBytes: 1024,
    clock: { now: 0 },
    ended() {},
  });
  await socket.run(new Uint8Array(0));
  assert(readsBefore < most, "nobody else had a turn");
});
