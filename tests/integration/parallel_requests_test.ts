/** Many requests of one address at once: a school behind one line, and somebody who asks and doesn't read. */
import { assert, assertEquals } from "@std/assert";
import { RawSocket } from "../support/raw_socket.ts";
import { startService } from "../support/service.ts";

const PAGE = "GET /chat/lobby/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

Deno.test("Five hundred people behind one address who open a page at once are answered, and nobody's line is cut", async () => {
  await using service = await startService({ maxConnectionsPerIp: 100, rateMessagesPerMinute: 0 });
  const sockets = await Promise.all(Array.from({ length: 500 }, () => RawSocket.connect(service.url)));
  try {
    for (const socket of sockets) await socket.write(PAGE);
    const answers = await Promise.all(sockets.map((socket) => socket.rest()));
    const statuses = answers.map((answer) => answer.slice(9, 12));
    assertEquals(statuses.filter((status) => status !== "200" && status !== "503"), []);
    assert(statuses.filter((status) => status === "200").length >= 150, String(statuses));
    for (const answer of answers.filter((answer) => answer.startsWith("HTTP/1.1 503"))) {
      assert(/\r\nretry-after: 2\r\n/i.test(answer));
      assertEquals(JSON.parse(answer.split("\r\n\r\n")[1]).code, "too_many_connections");
    }
  } finally {
    for (const socket of sockets) socket[Symbol.dispose]();
  }
});

Deno.test("Answers that nobody reads keep nobody else of the address waiting for good", async () => {
  await using service = await startService();
  const unread: RawSocket[] = [];
  try {
    for (let i = 0; i < 100; i++) {
      const socket = await RawSocket.connect(service.url);
      unread.push(socket);
      await socket.write("GET /static/built/editor.js HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20));
    }
    using socket = await RawSocket.connect(service.url);
    await socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    await socket.until("200 OK");
  } finally {
    for (const socket of unread) socket[Symbol.dispose]();
  }
});
