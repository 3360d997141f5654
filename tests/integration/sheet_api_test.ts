import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { sheetCommand } from "../../routes/commands/sheet.ts";
import { GoogleSheets } from "../fakes/google_sheets.ts";
import { Client } from "../support/client.ts";
import { startService, type TestService, TOKEN } from "../support/service.ts";

/** A service whose rows go to Google's stand-in. */
async function startOn(google: GoogleSheets): Promise<TestService> {
  return await startService({
    googleSheetId: google.spreadsheetId,
    googleCredsJson: JSON.stringify(google.key),
    googleApiRoot: google.url,
  });
}

/** What the command prints. */
async function run(service: TestService, ...args: string[]): Promise<[status: number, text: string]> {
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const around = { url: service.url, serviceToken: TOKEN, print, complain: print };
  return [await sheetCommand(args, around), lines.join("\n")];
}

Deno.test("Service writes to a Google Sheet, and tells the members", async () => {
  await using google = await GoogleSheets.start();
  await using service = await startOn(google);
  await using ada = await Client.enter(service.url, "聊天室", "?username=ada");
  const ids: string[] = [];
  for (const text of ["=1+1", "<script>", "多行\n文字"]) ids.push((await ada.say(text)).id);
  await ada.until((frames) =>
    ids.every((id) => frames.some(({ type, ids }) => type === "recorded" && ids.includes(id)))
  );
  const rows = google.rows("ChatLogs");
  assertEquals(rows[0], ["time", "room", "username", "message", "id"]);
  assertEquals(rows.slice(1).map(([, room, username, message, id]) => [room, username, message, id]), [
    ["聊天室", "ada", "=1+1", ids[0]],
    ["聊天室", "ada", "<script>", ids[1]],
    ["聊天室", "ada", "多行\n文字", ids[2]],
  ]);
  await using bo = new Client(
    `${service.url.replace("http", "ws")}/ws/chat/${encodeURIComponent("聊天室")}/`,
  );
  const { messages } = await bo.next("history");
  assertEquals(messages.map(({ recorded }: { recorded?: true }) => recorded), [true, true, true]);
});

Deno.test("A message that the sheet refuses for good is told to the room, listed, exported, and tried again", async () => {
  await using google = await GoogleSheets.start();
  await using service = await startOn(google);
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  google.faults.next("append", { work: "undone", outcome: "answer", status: 400 });
  const { id } = await ada.say("poison");
  assertEquals((await ada.next("not_recorded")).ids, [id]);
  await using bo = new Client(`${service.url.replace("http", "ws")}/ws/chat/lobby/`);
  assertEquals((await bo.next("history")).messages[0].not_recorded, true);
  const health = await (await fetch(`${service.url}/healthz`)).json();
  assertEquals([health.status, health.sheet.dead], ["degraded", 1]);

  assertStringIncludes(
    (await run(service, "status"))[1],
    "0 waiting, 1 refused",
  );
  const [, dead] = await run(service, "dead");
  assertStringIncludes(dead, id);
  assertStringIncludes(dead, "Google refuses these rows (400");
  assertStringIncludes((await run(service, "export"))[1], `lobby,ada,poison,${id}`);
  assertEquals(await run(service, "retry", "0".repeat(26)), [1, `There is no dead letter ${"0".repeat(26)}`]);
  assertEquals(await run(service, "retry", id), [0, "Trying 1 again"]);
  assertEquals((await ada.next("recorded")).ids, [id]);
  assertEquals(google.rows("ChatLogs").slice(1).map((row) => row[4]), [id]);
  assertEquals(await run(service, "dead"), [0, "None"]);
});

Deno.test("Log's state and dead letters survive a restart", async () => {
  await using google = await GoogleSheets.start();
  const directory = await Deno.makeTempDir();
  const config = {
    googleSheetId: google.spreadsheetId,
    googleCredsJson: JSON.stringify(google.key),
    googleApiRoot: google.url,
  };
  let id: string;
  {
    await using service = await startService(config, directory);
    await using ada = await Client.enter(service.url, "lobby");
    google.faults.next("append", { work: "undone", outcome: "answer", status: 400 });
    ({ id } = await ada.say("poison"));
    await ada.next("not_recorded");
    const { id: good } = await ada.say("good");
    await ada.next("recorded", ({ ids }) => ids.includes(good));
  }
  await using service = await startService(config, directory);
  await using ada = new Client(`${service.url.replace("http", "ws")}/ws/chat/lobby/`);
  const { messages } = await ada.next("history");
  const marks = messages.map((m: Record<string, unknown>) => [m.id === id, m.recorded, m.not_recorded]);
  assertEquals(marks, [[true, undefined, true], [false, true, undefined]]);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("Log's figures, letters and retries are for the service's token only", async () => {
  await using service = await startService();
  for (const [method, path] of [["GET", ""], ["GET", "/dead"], ["GET", "/dead.csv"], ["POST", "/retry"]]) {
    const response = await fetch(`${service.url}/api/log${path}`, { method });
    assertEquals([response.status, (await response.json()).code], [401, "not_signed_in"]);
  }
  const [status, text] = await run(service, "everything");
  assertEquals(status, 2);
  assertStringIncludes(text, "Usage: deno task sheet status");
});

Deno.test("The operator's words say what to do, and never hold rows, keys or tokens", async () => {
  await using google = await GoogleSheets.start();
  await using service = await startOn(google);
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  google.share(undefined);
  await ada.say("a-secret-message");
  let text = "";
  while (!text.includes("Share")) text = await (await fetch(`${service.url}/healthz`)).text();
  const [, status] = await run(service, "status");
  for (const said of [text, status]) {
    assertStringIncludes(
      said,
      `Share the spreadsheet ${google.spreadsheetId} with ${google.key.client_email} as Editor.`,
    );
    for (const secret of ["a-secret-message", "PRIVATE KEY", "ya29", TOKEN]) assert(!said.includes(secret));
  }
  google.share("writer");
  await run(service, "retry");
  await ada.next("recorded");
});
