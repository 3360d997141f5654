/** Many people behind one address at once: a school. */
import { assertEquals } from "@std/assert";
import { RawSocket } from "../support/raw_socket.ts";
import { startService } from "../support/service.ts";

const PAGE = "GET /help/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

Deno.test("Five hundred people behind one address who open a page at once get it, and nobody's line is cut", async () => {
  await using service = await startService({ maxConnectionsPerIp: 100, rateMessagesPerMinute: 0 });
  const sockets = await Promise.all(Array.from({ length: 500 }, () => RawSocket.connect(service.url)));
  try {
    await Promise.all(sockets.map((socket) => socket.write(PAGE)));
    const answers = await Promise.all(sockets.map((socket) => socket.rest()));
    assertEquals(answers.filter((answer) => !answer.startsWith("HTTP/1.1 200 OK")), []);
  } finally {
    for (const socket of sockets) socket[Symbol.dispose]();
  }
});

Deno.test("Connections of one address that have their answers make room for others of it", async () => {
  await using service = await startService({ maxConnectionsPerIp: 5 });
  const resting: RawSocket[] = [];
  try {
    for (let i = 0; i < 11; i++) {
      const socket = await RawSocket.connect(service.url);
      resting.push(socket);
      await socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
      await socket.until('"status"');
    }
    // The limit is ten: the first is closed within seconds, long before its 75 are over.
    await resting[0].ended();
    await resting[10].write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    await resting[10].until("200 OK");
  } finally {
    for (const socket of resting) socket[Symbol.dispose]();
  }
});
