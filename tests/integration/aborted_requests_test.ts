/** Clients that go away in the middle of what they ask for: that is no error of the service. */
import { assertEquals, assertRejects } from "@std/assert";
import { HttpError } from "../../routes/errors.ts";
import { jsonIn } from "../../routes/api/request_body.ts";
import { writePast } from "../support/past.ts";
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

Deno.test("A search that is given up, as it is by whoever types on, writes no error into the log", async () => {
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/t.db`;
  {
    using kv = await Deno.openKv(path);
    await writePast(kv, "lobby", 50_000);
  }
  await using service = await startProcess({ KV_PATH: path, LOG_CSV_PATH: `${directory.path}/log.csv` });
  for (let index = 0; index < 20; index++) {
    using socket = await RawSocket.connect(service.url);
    await socket.write("GET /api/rooms/lobby/search?q=lazy%20nothing HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  const answer = await fetch(`${service.url}/api/rooms/lobby/search?q=49999`);
  assertEquals((await answer.json()).messages.length, 1);
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
