/** Clients that go away in the middle of what they ask for: that is no error of the service. */
import { assertEquals, assertRejects } from "@std/assert";
import { HttpError } from "../../routes/errors.ts";
import { jsonIn } from "../../routes/api/request_body.ts";
import { startProcess } from "../support/process.ts";
import { RawSocket } from "../support/raw_socket.ts";
import { temporaryDirectory, TOKEN } from "../support/service.ts";

Deno.test("A body whose chunks are none, or that ends too early, writes no error into the log", async () => {
  await using directory = await temporaryDirectory();
  await using service = await startProcess({
    KV_PATH: ":memory:",
    SERVICE_TOKEN: TOKEN,
    LOG_CSV_PATH: `${directory.path}/log.csv`,
  });
  const host = `Host: ${
    new URL(service.url).host
  }\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close\r\n`;
  const requests = [
    `POST /api/rooms/lobby/messages HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
    `POST /api/session HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5\r\n{"mes\r\n-1\r\n`,
    `PATCH /api/rooms/lobby HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5\r\n{"mes!!\r\n`,
  ];
  for (const request of requests) {
    using socket = await RawSocket.connect(service.url);
    await socket.write(request);
    await socket.rest();
  }
  assertEquals(service.log.filter(({ level }) => level === "error"), []);
});

Deno.test("jsonIn() refuses a body whose sender has gone away", async () => {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"mess'));
      controller.error(new Deno.errors.BadResource("Cannot read request body"));
    },
  });
  const request = new Request("http://localhost/", { method: "POST", body });
  const error = await assertRejects(() => jsonIn(request), HttpError, "ended before it was complete");
  assertEquals((error as HttpError).status, 400);
});
