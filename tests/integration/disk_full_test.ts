/** What has to hold on a disk that is full: the database and the file of rows are on a tiny one of their own. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Client } from "../support/client.ts";
import { drained, startProcess } from "../support/process.ts";
import { temporaryDirectory } from "../support/service.ts";

const DISK_BYTES = 12 * 1024 * 1024;
/** So long that a few messages need new pages of the database. */
const LONG = "長".repeat(3_900);

/** A file system of its own until it is disposed; `undefined` where none may be mounted. */
async function tinyDisk(): Promise<{ path: string } & AsyncDisposable | undefined> {
  const { path } = await temporaryDirectory();
  const isMounted = Deno.build.os === "linux" &&
    await succeeds("mount", "-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", path);
  const dispose = async (): Promise<void> => {
    if (isMounted) await succeeds("umount", "--lazy", path);
    await Deno.remove(path, { recursive: true });
  };
  if (isMounted) return { path, [Symbol.asyncDispose]: dispose };
  await dispose();
}

async function succeeds(command: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** Fills a disk to its last byte. */
async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { create: true, append: true });
  for (let size = 1024 * 1024; size >= 1;) {
    try {
      await file.write(new Uint8Array(size));
    } catch {
      size = Math.floor(size / 2);
    }
  }
}

const disk = await tinyDisk();
const isPossible = disk !== undefined;
await disk?.[Symbol.asyncDispose]();

Deno.test({
  name: "A full disk acknowledges nothing, ends nothing, and goes on when there is space again" +
    (isPossible ? "" : " (needs the right to mount a file system)"),
  ignore: !isPossible,
  fn: async () => {
    await using disk = await tinyDisk();
    assert(disk);
    await using service = await startProcess({
      KV_PATH: `${disk.path}/talksheet.db`,
      LOG_CSV_PATH: `${disk.path}/ChatLogs.csv`,
      MAX_MESSAGE_LENGTH: "4000",
    });
    const health = async (): Promise<{ status: string; reason?: string }> =>
      await (await fetch(`${service.url}/healthz`)).json();
    const acknowledged: string[] = [];
    await using ada = await Client.enter(service.url, "lobby", "?username=ada");
    for (let i = 0; i < 20; i++) acknowledged.push((await ada.say(`before ${i}`)).id);
    await fill(`${disk.path}/filler`);
    let refused = 0;
    for (let i = 0; refused < 3; i++) {
      assert(i < 500, "nothing was refused");
      ada.send({ type: "chat_message", message: LONG, client_id: `c${i}` });
      await ada.until((frames) => frames.some(({ client_id: id }) => id === `c${i}`));
      const answer = ada.frames.find(({ client_id: id }) => id === `c${i}`);
      if (answer?.type === "ack") acknowledged.push(answer.id);
      else {
        refused++;
        assert(["internal", "storage_lost"].includes(answer?.code), answer?.code);
      }
    }
    // The service's own work goes on meanwhile: rows, leases, figures.
    for (let asked = 0; asked < 200; asked++) assertEquals((await health()).status, "degraded");
    const { status, reason } = await health();
    assertEquals(status, "degraded");
    assertMatch(String(reason), /is full/);
    await Deno.remove(`${disk.path}/filler`);
    acknowledged.push((await ada.say("after")).id);
    await drained(service);
    assertEquals((await health()).status, "ok");
    const rows = await Deno.readTextFile(`${disk.path}/ChatLogs.csv`);
    for (const id of acknowledged) assertEquals(rows.split(id).length, 2, id);
    assertEquals((await service.end("SIGTERM")).code, 0);
  },
});
