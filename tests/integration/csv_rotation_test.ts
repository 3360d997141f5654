/** Rows in a file for each month, while people and programs move files, delete them and save them. */
import { assert, assertEquals } from "@std/assert";
import { readConfig } from "../../routes/config.ts";
import { openSheet } from "../../sheets/open_sheet.ts";
import type { Notice } from "../../sheets/sheet.ts";
import { committer, startLog } from "../support/delivery.ts";
import { temporaryDirectory } from "../support/service.ts";

const FEBRUARY = Date.parse("2026-02-28T15:59:59Z");
const MARCH = Date.parse("2026-02-28T16:00:00Z");
const BOM = "\ufeff";

/** What is done to February's file between two messages; the files that it is in from then on. */
const BY_PEOPLE: Record<string, (path: string) => Promise<unknown>> = {
  "moved": (path) => Deno.rename(path, `${path}.${crypto.randomUUID()}.old`),
  "deleted": (path) => Deno.remove(path),
  "emptied": (path) => Deno.truncate(path),
  "saved with line feeds and without a byte order mark": (path) =>
    rewritten(path, (text) => text.replace(BOM, "").replaceAll("\r\n", "\n")),
  "saved with semicolons": (path) => rewritten(path, (text) => text.replaceAll(",", ";")),
  "saved by a program that writes a new file and renames it": async (path) => {
    await Deno.copyFile(path, `${path}.tmp`);
    await Deno.rename(`${path}.tmp`, path);
  },
  "saved from an older copy": (path) => rewritten(path, (text) => text.replace(/[^\n]+\n$/, "")),
};

for (const isRestarted of [false, true]) {
  const when = isRestarted ? "while the service is stopped" : "while it runs";
  Deno.test(`Files of months lose no later row and begin with a byte order mark, whatever is done to them ${when}`, async () => {
    for (const [how, act] of Object.entries(BY_PEOPLE)) {
      await using directory = await temporaryDirectory();
      const kv = await Deno.openKv(":memory:");
      const notices: Notice[] = [];
      const [february, march] = [`${directory.path}/2026-02.csv`, `${directory.path}/2026-03.csv`];
      const config = { ...readConfig({}), logCsvPath: `${directory.path}/{month}.csv` };
      let now = FEBRUARY;
      await using sheets = await openSheet(config, (notice) => void notices.push(notice));
      const start = async () => {
        const log = await startLog(sheets.open("unused", false), { kv, sheets });
        return { log, say: committer(kv, log.outbox, () => now) };
      };
      let running = await start();
      const recorded = (): string[] =>
        running.log.settled.flatMap(({ recorded }) => recorded.map(({ id }) => id));
      await running.say("lobby", "one", "two");
      await running.log.drained();
      await act(february);
      if (isRestarted) {
        await running.log[Symbol.asyncDispose]();
        running = await start();
      }
      // They wait together over midnight, and go to two files.
      const late = await running.say("lobby", "three", "=four");
      now = MARCH;
      const next = await running.say("lobby", "五", "six");
      await running.log.drained();
      now = FEBRUARY;
      // Another machine's clock is a second behind.
      late.push(...await running.say("lobby", "seven"));
      await running.log.drained();
      const texts = await Promise.all([february, march].map((path) => Deno.readTextFile(path)));
      const standing = texts.map((text) => idsIn(text));
      assertEquals(standing[0].filter((id) => late.includes(id)), late, how);
      assertEquals(standing[1], next, how);
      assertEquals(late.concat(next).filter((id) => !recorded().includes(id)), [], how);
      assert(texts[1].startsWith(`${BOM}time,room,`), "a new file opens in Excel with Chinese intact");
      const isNew = ["moved", "deleted", "emptied"].includes(how);
      if (isNew) assert(texts[0].startsWith(`${BOM}time,room,`), how);
      const isMissing = isNew || how.includes("older");
      assertEquals(notices.map(({ code }) => code), isMissing ? ["rows_missing"] : [], how);
      await running.log[Symbol.asyncDispose]();
      kv.close();
    }
  });
}

async function rewritten(path: string, change: (text: string) => string): Promise<void> {
  await Deno.writeTextFile(path, change(await Deno.readTextFile(path)));
}

function idsIn(text: string): string[] {
  return Array.from(text.matchAll(/\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b/g), ([id]) => id);
}
