/** Files and messages through the end of a process between any two steps. */
import { assertEquals } from "@std/assert";
import { FileLinks } from "../../rooms/files/file_links.ts";
import type { FileStorage } from "../../rooms/files/file_storage.ts";
import { Files } from "../../rooms/files/files.ts";
import { FolderStorage } from "../../rooms/files/folder_storage.ts";
import { S3Storage } from "../../rooms/files/s3_storage.ts";
import type { JournalItem } from "../../rooms/messages/journal.ts";
import { guest } from "../../rooms/user.ts";
import { readConfig } from "../../routes/config.ts";
import { png, upload } from "../support/files.ts";
import { messageFactoryOf } from "../support/messages.ts";
import { startProcess } from "../support/process.ts";
import { RawSocket } from "../support/raw_socket.ts";
import { engineTest, startS3 } from "../support/servers.ts";
import { temporaryDirectory } from "../support/service.ts";
import { Client } from "../support/client.ts";

const HOUR_MS = 60 * 60 * 1000;
const ROOM = "lobby";

/** Counts steps, and ends the process before the one with the number `last`: nothing has an effect from then on. */
class Life {
  #steps = 0;
  readonly #last: number;

  constructor(last: number) {
    this.#last = last;
  }

  get isOver(): boolean {
    return this.#steps > this.#last;
  }

  step(): void {
    if (this.#steps++ >= this.#last) throw new Error("killed");
  }

  /** The same object; each call of a method is a step. */
  of<T extends object>(real: T): T {
    return new Proxy(real, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          if (name !== "atomic" && name !== "list") this.step();
          const result = value.apply(target, args);
          return name === "atomic" ? this.#commit(result) : result;
        };
      },
    });
  }

  #commit(atomic: Deno.AtomicOperation): Deno.AtomicOperation {
    const commit = atomic.commit.bind(atomic);
    atomic.commit = () => {
      this.step();
      return commit();
    };
    return atomic;
  }
}

/** What became of a file and its message before the process ended. */
interface Story {
  id?: string;
  isSaid: boolean;
  isDeleted: boolean;
}

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
        (await new Response(await later.files.read(story.id, { start: 0, end: 200_000 })).bytes()).length,
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

/** Uploads a file, says it, deletes the message, and removes the file, until it is killed. */
async function live(kv: Deno.Kv, storage: FileStorage, life: Life, story: Story): Promise<boolean> {
  const { files, links } = filesOf(life.of(kv), life.of(storage), 0);
  try {
    const sent = { room: ROOM, name: "a.png", size: 200_000, isExact: true, by: undefined, quotas: [] };
    const body = async function* () {
      for (const part of [png(4, 3, 100_000), new Uint8Array(100_000)]) {
        life.step();
        yield part;
      }
    };
    const file = await files.take({ ...sent, quotas: [{ who: "ada", people: 1_000 }] }, body());
    story.id = file.id;
    const factory = messageFactoryOf({ now: Date.now });
    const draft = factory.draft(ROOM, guest("ada"), "", { files: [files.shown(file)] });
    await commitOf(kv, links, life, { draft, senders: [] });
    story.isSaid = true;
    const deletion = { entry: "deleted", message_id: draft.id, files: [file.id] } as const;
    await commitOf(kv, links, life, { draft: factory.entry(ROOM, guest("ada"), deletion), senders: [] });
    story.isDeleted = true;
    await files.sweep();
    return false;
  } catch (error) {
    if (!life.isOver) throw error;
    return true;
  }
}

async function commitOf(kv: Deno.Kv, links: FileLinks, life: Life, item: JournalItem): Promise<void> {
  life.step();
  const commit = kv.atomic();
  links.add(commit, [item]);
  await commit.commit();
}

function filesOf(kv: Deno.Kv, storage: FileStorage, laterMs: number): { files: Files; links: FileLinks } {
  const links = new FileLinks();
  const parts = { ...readConfig({}), kv, storage, links, filesUrl: "", failed() {} };
  return { links, files: new Files({ ...parts, now: () => Date.now() + laterMs }) };
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
  assertEquals(await files.check(), { files: 1, bytes: 300_000, stray: [], lost: [] });
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
