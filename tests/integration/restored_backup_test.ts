/** A copy of the data that was made while rows waited, and is put back after they were written. */
import { cpSync } from "node:fs";
import { assertEquals } from "@std/assert";
import { change } from "../support/changes.ts";
import { Client, type Frame } from "../support/client.ts";
import { GoogleSheets } from "../fakes/google_sheets.ts";
import { parseCsv, startService, temporaryDirectory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

for (const sink of ["csv", "google"] as const) {
  Deno.test(`What waited in a restored copy and was written since is not written again, in ${sink}`, async () => {
    await using directory = await temporaryDirectory();
    await using google = await GoogleSheets.start();
    const data = `${directory.path}/data`;
    const csv = `${directory.path}/log.csv`;
    await Deno.mkdir(data);
    const config = {
      kvPath: `${data}/talksheet.db`,
      logCsvPath: csv,
      ...(sink === "google" && {
        googleSheetId: google.spreadsheetId,
        googleCredsJson: JSON.stringify(google.key),
        googleApiRoot: google.url,
      }),
    };
    /** Lets people in who do something, and waits for their rows where they can be written. */
    const session = async (isWritten: boolean, work: (client: Client) => Promise<void>): Promise<void> => {
      await using service = await startService(config, directory.path);
      const browser = new Visitor(service.url);
      await browser.ask("GET", "/chat/team/");
      await using client = await browser.enter("team", "?username=ada&batch=1");
      await work(client);
      if (!isWritten) return;
      await client.until((frames) =>
        frames.some(({ type, ids }: Frame) => type === "recorded" && ids.length > 0)
      );
      await service.sweep();
    };
    const rows = async (changes = ""): Promise<string[][]> => {
      const [, ...rows] = sink === "google"
        ? google.rows(`ChatLogs${changes && " changes"}`)
        : parseCsv(await Deno.readTextFile(csv.replace(".csv", `${changes}.csv`)));
      return rows;
    };
    // Nothing can be written at first.
    if (sink === "google") google.isEnabled = false;
    else await Deno.writeFile(csv, Uint8Array.of(0xff, 0xfe, 0x41, 0x00));
    let id = "";
    await session(false, async (client) => {
      for (let i = 0; i < 5; i++) ({ id } = await client.say(`message ${i}`));
      await change(client, { type: "edit_message", id, message: "message four" });
    });
    cpSync(data, `${directory.path}/copy`, { recursive: true });
    google.isEnabled = true;
    if (sink === "csv") await Deno.remove(csv);
    await session(true, async (client) => void await client.say("written later"));
    const [written, changes] = [await rows(), await rows(".changes")];
    assertEquals([written.length, changes.length], [6, 1]);
    await Deno.remove(data, { recursive: true });
    cpSync(`${directory.path}/copy`, data, { recursive: true });
    await session(true, async (client) => void await client.say("after the copy was put back"));
    assertEquals((await rows()).slice(0, 6), written);
    assertEquals((await rows()).map((row) => row[3]).slice(6), ["after the copy was put back"]);
    assertEquals(await rows(".changes"), changes);
  });
}
