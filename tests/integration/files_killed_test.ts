/** Files and messages through the end of a process between any two steps. */
import { assertEquals } from "@std/assert";
import type { FileStorage } from "../../rooms/files/file_storage.ts";
import { FolderStorage } from "../../rooms/files/folder_storage.ts";
import { S3Storage } from "../../rooms/files/s3_storage.ts";
import { png, upload } from "../support/files.ts";
import { filesOf, Life, type LifeArguments, live, ROOM, type Story } from "../support/files_life.ts";
import { startProcess } from "../support/process.ts";
import { RawSocket } from "../support/raw_socket.ts";
import { engineTest, startS3 } from "../support/servers.ts";
import { temporaryDirectory } from "../support/service.ts";
import { Client } from "../support/client.ts";

const HOUR_MS = 60 * 60 * 1000;
/** All bytes of the files here. */
const ALL = { start: 0, end: 200_000 };

async function surviveEachStep(storage: FileStorage): Promise<number> {
  using kv = await Deno.openKv(":memory:");
  for (let last = 0;; last++) {
    const story: Story = { isSaid: false, isDeleted: false };
    const isKilled = await live(kv, storage, new Life(last), story);
    // A day later, other processes, which end in the middle of removing, too.
    for (let steps = 0; steps < 6; steps++) {
      const life = new Life(steps);
      await filesOf(life.of(kv), life.of(storage), 25 * HOUR_MS).files.sweep().catch(() => {});
    }
    const later = filesOf(kv, storage, 25 * HOUR_MS);
    await later.files.sweep();
    const { files, stray, lost } = await later.files.check();
    const isThere = story.isSaid && !story.isDeleted;
    assertEquals([files, stray, lost], [isThere ? 1 : 0, [], []], `killed before step ${last}`);
    if (isThere && story.id) {
      assertEquals(
        (await new Response(await later.files.read(story.id, ALL)).bytes()).length,
        200_000,
      );
      const commit = kv.atomic();
      later.links.drop(commit, [story.id]);
      await commit.commit();
      await later.files.sweep();
    }
    const total = await kv.get<Deno.KvU64>(["files_bytes"]);
    assertEquals(total.value?.value ?? 0n, 0n, `killed before step ${last}`);
    if (!isKilled) return last;
  }
}

Deno.test("a process may end between any two steps: no message without its file, no file without a message for longer than a day", async () => {
  await using directory = await temporaryDirectory();
  const steps = await surviveEachStep(new FolderStorage(directory.path));
  assertEquals(steps > 12, true, `${steps} steps were found`);
});

engineTest("a process may end between any two steps, with files in a bucket", ["s3s-fs"], async () => {
  await using directory = await temporaryDirectory();
  await using s3 = await startS3(directory.path);
  await surviveEachStep(new S3Storage(s3.options));
});

const LIFE = new URL("../support/files_life.ts", import.meta.url).pathname;
/** Processes at a time. */
const AT_ONCE = 4;

/** The same with processes that are killed before each of their steps; answers how many steps there are. */
async function surviveEachKill(
  storageIn: (path: string, name: string) => Promise<[FileStorage, LifeArguments["s3"]]>,
): Promise<number> {
  await using directory = await temporaryDirectory();
  let isOver = false;
  let steps = 0;
  const next = async (): Promise<void> => {
    while (!isOver) {
      const last = steps++;
      const path = `${directory.path}/${last}`;
      await Deno.mkdir(path);
      const [storage, s3] = await storageIn(path, `run-${last}`);
      const life: LifeArguments = { kvPath: `${path}/talksheet.db`, filesPath: `${path}/files`, s3, last };
      const { signal, code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--frozen", "-A", LIFE, JSON.stringify(life)],
      }).output();
      // Others may still be on their way to an earlier step.
      const isKilled = signal === "SIGKILL";
      if (!isKilled) assertEquals(signal ?? code, 0, new TextDecoder().decode(stderr));
      isOver ||= !isKilled;
      const story = new TextDecoder().decode(stdout).trim().split("\n");
      const isThere = story.includes("said") && !story.includes("deleted");
      using kv = await Deno.openKv(life.kvPath);
      const { files } = filesOf(kv, storage, 25 * HOUR_MS);
      const message = `killed before step ${last}`;
      // At once there is no message without its file, and a day later no file without its message.
      const named = await files.page(ROOM, { before: undefined, limit: 10 });
      assertEquals(named.filter(() => isThere).length, isThere ? 1 : 0, message);
      if (isThere) {
        assertEquals((await new Response(await files.read(story[0], ALL)).bytes()).length, 200_000);
      }
      await files.sweep();
      const found = { ...await files.check(), left: isThere ? [] : await namesIn(life.filesPath) };
      const [count, bytes] = isThere ? [1, 200_000] : [0, 0];
      assertEquals(found, { files: count, bytes, stray: [], lost: [], damaged: [], left: [] }, message);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return steps;
}

Deno.test("a process may be killed between any two steps, those of the file system included", async () => {
  const steps = await surviveEachKill((path) =>
    Promise.resolve([new FolderStorage(`${path}/files`), undefined])
  );
  assertEquals(steps > 20, true, `${steps} steps were found`);
});

engineTest("a process may be killed between any two steps, with files in a bucket", ["s3s-fs"], async () => {
  await using directory = await temporaryDirectory();
  await using s3 = await startS3(directory.path);
  const steps = await surviveEachKill(async (_, bucket) => {
    await Deno.mkdir(`${directory.path}/s3/${bucket}`);
    const options = { ...s3.options, bucket };
    return [new S3Storage(options), options];
  });
  assertEquals(steps > 12, true, `${steps} steps were found`);
});

Deno.test("a process that is killed in the middle of uploads keeps what was said, and what it leaves is removed after a day", async () => {
  await using directory = await temporaryDirectory();
  const env = {
    KV_PATH: `${directory.path}/talksheet.db`,
    LOG_CSV_PATH: `${directory.path}/ChatLogs.csv`,
    FILES_PATH: `${directory.path}/files`,
  };
  let url: string;
  {
    await using service = await startProcess(env);
    const query = "&username=ada";
    const { body: said } = await upload(service, ROOM, png(4, 3, 300_000), { query });
    url = said.url;
    await upload(service, ROOM, png(4, 3, 5_000), { query });
    await using ada = await Client.enter(service.url, ROOM, "?username=ada");
    ada.send({ type: "chat_message", message: "", files: [said.id], client_id: "1" });
    await ada.next("ack");
    using slow = await RawSocket.connect(service.url);
    const head =
      `POST /api/rooms/${ROOM}/files?name=a.txt HTTP/1.1\r\nhost: x\r\ncontent-length: 900000\r\n\r\n`;
    await slow.write(head + "x".repeat(600_000));
    while (!(await namesIn(env.FILES_PATH)).some((name) => name.endsWith(".part"))) await turn();
    await service.kill();
    // The client's side of the socket is gone with it.
    await ada.closed;
  }
  {
    await using service = await startProcess(env);
    assertEquals((await (await fetch(service.url + url)).bytes()).length, 300_000);
  }
  using kv = await Deno.openKv(env.KV_PATH);
  const { files } = filesOf(kv, new FolderStorage(env.FILES_PATH), 25 * HOUR_MS);
  assertEquals((await namesIn(env.FILES_PATH)).length, 3);
  await files.sweep();
  assertEquals(await namesIn(env.FILES_PATH), [url.split("/")[2]]);
  assertEquals(await files.check(), { files: 1, bytes: 300_000, stray: [], lost: [], damaged: [] });
});

async function namesIn(path: string): Promise<string[]> {
  const folders = await Array.fromAsync(Deno.readDir(path)).catch(() => []);
  const names = folders.map(({ name }) =>
    Array.fromAsync(Deno.readDir(`${path}/${name}`), (file) => file.name)
  );
  return (await Promise.all(names)).flat();
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}
