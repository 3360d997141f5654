import { assert, assertEquals } from "@std/assert";
import { GoogleSheets } from "../fakes/google_sheets.ts";
import { Client, type Frame } from "../support/client.ts";
import { startProcess } from "../support/process.ts";
import { parseCsv, readHistory, startService, temporaryDirectory } from "../support/service.ts";

Deno.test("Service keeps every acknowledged message through kill -9: in the history once, in the file once, in order", async () => {
  await using directory = await temporaryDirectory();
  const env = { KV_PATH: `${directory.path}/t.db`, LOG_CSV_PATH: `${directory.path}/log.csv` };
  const acknowledged: string[] = [];
  for (let round = 0; round < 3; round++) {
    await using service = await startProcess(env);
    const ada = await Client.enter(service.url, "聊天室", "?username=ada");
    for (let i = 0; i < 2000; i++) {
      ada.send({ type: "chat_message", message: `r${round}m${i}`, client_id: `${round}.${i}` });
    }
    await ada.until((frames) => frames.filter(({ type }) => type === "ack").length >= 300 + 200 * round);
    await service.kill();
    await ada.closed;
    acknowledged.push(...ada.all("ack").map(({ id }) => id));
  }
  await using service = await startService(
    { kvPath: env.KV_PATH, logCsvPath: env.LOG_CSV_PATH },
    directory.path,
  );
  const history = await readHistory(service.url, "聊天室");
  const ids = history.map(({ id }) => id);
  assertEquals(new Set(ids).size, ids.length, "no message stands twice");
  assertEquals(ids, [...ids].sort(), "in order");
  const missing = acknowledged.filter((id) => !new Set(ids).has(id));
  assertEquals(missing, [], "every acknowledged message is in the history");
  // The last message of the room is in the file when everything before it is.
  await using bo = await Client.enter(service.url, "聊天室", "?username=bo");
  const last = await bo.say("the end");
  await bo.next("recorded", ({ ids }) => ids.includes(last.id));
  const rows = parseCsv(await Deno.readTextFile(env.LOG_CSV_PATH));
  assertEquals(rows[0], ["time", "room", "username", "message", "id"]);
  assertEquals(rows.slice(1).map(([, , , , id]) => id), [...ids, last.id]);
});

Deno.test("Service stops on SIGTERM: sockets learn that it restarts, nothing is lost", async () => {
  await using directory = await temporaryDirectory();
  const env = { KV_PATH: `${directory.path}/t.db`, LOG_CSV_PATH: `${directory.path}/log.csv` };
  const acknowledged: string[] = [];
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    await using service = await startProcess(env);
    const ada = await Client.enter(service.url, "lobby", "?username=ada");
    for (let i = 0; i < 100; i++) {
      ada.send({ type: "chat_message", message: `m${i}`, client_id: `${signal}${i}` });
    }
    await ada.next("ack");
    const [status, closing] = await Promise.all([service.end(signal), ada.closed]);
    assertEquals([status.code, closing.code], [0, 1012]);
    acknowledged.push(...ada.all("ack").map(({ id }) => id));
  }
  await using service = await startService(
    { kvPath: env.KV_PATH, logCsvPath: env.LOG_CSV_PATH },
    directory.path,
  );
  const ids = (await readHistory(service.url, "lobby")).map(({ id }) => id);
  assertEquals(new Set(ids).size, ids.length);
  assertEquals(acknowledged.filter((id) => !ids.includes(id)), []);
});

Deno.test("Service goes on with ascending ids after a restart, though the clock has jumped back", async () => {
  await using directory = await temporaryDirectory();
  let before: Frame;
  {
    await using service = await startService({}, directory.path);
    await using ada = await Client.enter(service.url, "lobby");
    before = await ada.say("before");
  }
  const now = Date.now;
  Date.now = () => now() - 3_600_000;
  try {
    await using service = await startService({}, directory.path);
    await using ada = await Client.enter(service.url, "lobby");
    assert((await ada.say("after")).id > before.id);
  } finally {
    Date.now = now;
  }
});

Deno.test("Service remembers resends through a restart", async () => {
  await using directory = await temporaryDirectory();
  let first: Frame;
  {
    await using service = await startService({}, directory.path);
    await using ada = await Client.enter(service.url, "lobby", "?username=ada");
    first = await ada.say("once", "c1");
  }
  await using service = await startService({}, directory.path);
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  assertEquals((await ada.say("once", "c1")).id, first.id);
  assertEquals((await readHistory(service.url, "lobby")).length, 1);
});

Deno.test("Service stops, cleanly, though a request never ends, an append hangs, and members keep talking", async () => {
  await using google = await GoogleSheets.start();
  await using directory = await temporaryDirectory();
  await using service = await startProcess({
    KV_PATH: `${directory.path}/t.db`,
    GOOGLE_SHEET_ID: google.spreadsheetId,
    GOOGLE_CREDS_JSON: JSON.stringify(google.key),
    GOOGLE_API_ROOT: google.url,
  });
  const hanging = Promise.withResolvers<void>();
  google.faults.next("append", { work: "undone", outcome: "hang", onRequest: hanging.resolve });
  const ada = await Client.enter(service.url, "lobby", "?username=ada");
  const talking = setInterval(() => ada.send({ message: "and on" }), 1);
  await hanging.promise;
  const half = await Deno.connect({ port: Number(new URL(service.url).port), hostname: "127.0.0.1" });
  await half.write(
    new TextEncoder().encode("POST /api/rooms/lobby/messages HTTP/1.1\r\ncontent-length: 100\r\n\r\n{"),
  );
  const [status] = await Promise.all([service.end("SIGTERM"), ada.closed]);
  clearInterval(talking);
  half.close();
  assertEquals(status.code, 0);
  assertEquals(service.log.at(-1)?.event, "stopped");
});

Deno.test("Service takes over from one that was paused in the middle of an append, and which wakes up and does no harm", async () => {
  await using google = await GoogleSheets.start();
  await using directory = await temporaryDirectory();
  const env = {
    KV_PATH: `${directory.path}/t.db`,
    GOOGLE_SHEET_ID: google.spreadsheetId,
    GOOGLE_CREDS_JSON: JSON.stringify(google.key),
    GOOGLE_API_ROOT: google.url,
  };
  await using paused = await startProcess(env);
  const arrived = Promise.withResolvers<void>();
  // Google gets the request, and answers only when its sender has slept for longer than its lease.
  google.faults.next("append", { work: "done", outcome: "hang", onRequest: arrived.resolve });
  const ada = await Client.enter(paused.url, "lobby", "?username=ada");
  const ids = [(await ada.say("a")).id, (await ada.say("b")).id];
  await arrived.promise;
  Deno.kill(paused.pid, "SIGSTOP");
  await using awake = await startProcess(env);
  await using bo = await Client.enter(awake.url, "lobby", "?username=bo");
  ids.push((await bo.say("c")).id);
  await bo.next("recorded", ({ ids: recorded }) => recorded.includes(ids[2]));
  Deno.kill(paused.pid, "SIGCONT");
  ids.push((await ada.say("d")).id);
  ids.push((await bo.say("e")).id);
  // Whichever of the two writes them.
  while (google.rows("ChatLogs").length <= ids.length) {
    await (await fetch(`${awake.url}/healthz`)).body?.cancel();
  }
  assertEquals(google.rows("ChatLogs").slice(1).map((row) => row[4]), ids);
});
