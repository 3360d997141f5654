/** Rooms whose rows go to a spreadsheet of their own. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { wait } from "../../rooms/clock.ts";
import { GoogleSheets } from "../fakes/google_sheets.ts";
import { backend, member } from "../support/cast.ts";
import type { Client, Frame } from "../support/client.ts";
import { startService } from "../support/service.ts";

const PATH = "/api/rooms/team/sheet";

Deno.test("A room's creator gives it a spreadsheet that is checked at once, and what is said and done from then on goes there", async () => {
  await using google = await GoogleSheets.start();
  await using service = await startService({
    googleSheetId: google.spreadsheetId,
    googleCredsJson: JSON.stringify(google.key),
    googleApiRoot: google.url,
  });
  const theirs = google.add("1Theirs");
  const textsIn = (tab: string, spreadsheet = theirs): string[] =>
    spreadsheet.tab(tab)?.rows.slice(1).map((row) => row[3]) ?? [];
  const [ada, bo] = [await member(service.url, "ada"), await member(service.url, "bo")];
  await using client = await ada.enter("team", "?batch=1");
  const { id: first } = await recorded(client, "one");
  assertEquals((await ada.ask("GET", PATH)).body, { account: google.key.client_email });

  const address = "https://docs.google.com/spreadsheets/d/1Theirs/edit#gid=0";
  const refused = await ada.ask("PUT", PATH, { spreadsheet: address });
  assertEquals([refused.status, refused.body.code, refused.body.problem.code], [
    409,
    "sheet_problem",
    "not_shared",
  ]);
  assertStringIncludes(refused.body.error, `Share the spreadsheet 1Theirs with ${google.key.client_email}`);
  assertEquals((await ada.ask("GET", PATH)).body.spreadsheet, undefined);
  google.share("writer", "1Theirs");
  const { status, body } = await ada.ask("PUT", PATH, { spreadsheet: address, tab: "班級 {room}" });
  assertEquals([status, body.spreadsheet, body.tab], [200, "1Theirs", "班級 {room}"]);
  const { id: second } = await recorded(client, "two");
  client.send({ type: "edit_message", id: first, message: "once", client_id: "e" });
  await client.next("message_edited", ({ message_id }) => message_id === first);
  await recorded(client, "three");
  assertEquals(textsIn("班級 team"), ["two", "three"]);
  assertEquals(textsIn("班級 team changes"), ["edited"]);
  assertEquals(textsIn("ChatLogs", google.spreadsheet), ["one"]);

  // What stands in both is as it was said, and what is missing comes back to where it stood.
  const { body: verdict } = await backend(service.url).ask("POST", "/api/log/verify", {});
  assertEquals(Object.values(verdict), [4, [], [], [], []]);
  theirs.tab("班級 team")?.rows.splice(1, 1);
  const { body: found } = await backend(service.url).ask("POST", "/api/log/verify", { repair: true });
  assertEquals(found.missing, [second]);
  await service.sweep();
  assertEquals(textsIn("班級 team"), ["three", "two"]);

  // Nobody gets rows into a sheet that others use, but the admins.
  await using other = await bo.enter("hall", "?batch=1");
  const outcome = (spreadsheet: string) => bo.outcome("PUT", "/api/rooms/hall/sheet", { spreadsheet });
  assertEquals(await outcome("1Theirs"), [403, "sheet_taken"]);
  assertEquals(await outcome(google.spreadsheetId), [403, "sheet_taken"]);
  assertEquals(await bo.outcome("PUT", PATH, { spreadsheet: "1Theirs" }), [403, "not_allowed"]);
  assertEquals(await bo.outcome("GET", PATH), [403, "not_allowed"]);
  const wanted = { spreadsheet: google.spreadsheetId, tab: "Hall" };
  assertEquals(await backend(service.url).outcome("PUT", "/api/rooms/hall/sheet", wanted), [200]);
  await recorded(other, "hello");
  assertEquals(textsIn("Hall", google.spreadsheet), ["hello"]);

  for (
    const wrong of [{}, { spreadsheet: "a b" }, { spreadsheet: "x", tab: "{day}" }, {
      spreadsheet: "x",
      tab: "A changes",
    }]
  ) {
    assertEquals(await ada.outcome("PUT", PATH, wrong), [400, "invalid_request"], JSON.stringify(wrong));
  }
  assertEquals((await ada.ask("DELETE", PATH)).body.spreadsheet, undefined);
  await recorded(client, "four");
  assertEquals(textsIn("ChatLogs", google.spreadsheet), ["one", "four"]);

  // A teacher has left with the spreadsheet: what waits for it goes where the room goes.
  await ada.ask("PUT", PATH, { spreadsheet: "1Theirs", tab: "班級 {room}" });
  google.share(undefined, "1Theirs");
  const { id: last } = await client.say("five");
  const state = async (): Promise<string> => (await backend(service.url).ask("GET", "/api/log")).body.state;
  while (await state() !== "paused") await wait(20);
  await ada.ask("DELETE", PATH);
  await backend(service.url).ask("POST", "/api/log/retry", {});
  await client.next("recorded", ({ ids }) => ids.includes(last));
  assertEquals(textsIn("ChatLogs", google.spreadsheet), ["one", "four", "five"]);
  assertEquals(textsIn("班級 team"), ["three", "two"]);
  const { body: { unread, ...others } } = await backend(service.url).ask("POST", "/api/log/verify", {});
  assertEquals(Object.values(others), [3, [], [], [], []]);
  assertEquals(unread.length, 2);
});

Deno.test("Where rows go to a file, a room has no spreadsheet of its own", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await (await ada.enter("team")).close();
  assertEquals((await ada.ask("GET", PATH)).body, {});
  assertEquals(await ada.outcome("PUT", PATH, { spreadsheet: "x" }), [409, "no_google"]);
});

/** Says something; resolves once it stands in a sheet. */
async function recorded(client: Client, message: string): Promise<Frame> {
  const said = await client.say(message);
  await client.next("recorded", ({ ids }) => ids.includes(said.id));
  return said;
}
