import { assertEquals } from "@std/assert";
import { ulid } from "ulid";
import { FolderStorage } from "../../rooms/files/folder_storage.ts";
import type { Draft } from "../../rooms/messages/draft.ts";
import { guest } from "../../rooms/user.ts";
import { filesCommand } from "../../routes/commands/files.ts";
import { backend } from "../support/cast.ts";
import { png, upload } from "../support/files.ts";
import { filesOf } from "../support/files_life.ts";
import { messageFactoryOf } from "../support/messages.ts";
import { writePastDrafts } from "../support/past.ts";
import { readHistory, startService, temporaryDirectory, TOKEN } from "../support/service.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

Deno.test("RETENTION_DAYS takes the files of old messages away with them, and leaves those of others", async () => {
  await using directory = await temporaryDirectory();
  const kv = await Deno.openKv(`${directory.path}/talksheet.db`);
  const drafts: Draft[] = [];
  const urls: string[] = [];
  for (const daysAgo of [10, 0]) {
    const laterMs = -daysAgo * DAY_MS;
    const { files, links } = filesOf(kv, new FolderStorage(`${directory.path}/files`), laterMs);
    const body = async function* () {
      yield png();
    };
    const sent = { room: "lobby", name: "a.png", size: 100, isExact: true, by: undefined, quotas: [] };
    const file = files.shown(await files.take(sent, body()));
    const factory = messageFactoryOf({ now: () => Date.now() + laterMs });
    const draft = factory.draft("lobby", guest("ada"), "look", { files: [file] });
    const commit = kv.atomic();
    links.add(commit, [{ draft, senders: [] }]);
    await commit.commit();
    drafts.push(draft);
    urls.push(file.url);
  }
  await writePastDrafts(kv, drafts.length, (i) => drafts[i]);
  kv.close();
  await using service = await startService({ retentionDays: 3 }, directory.path);
  const statusOf = async (url: string): Promise<number> => {
    const response = await fetch(service.url + url);
    await response.body?.cancel();
    return response.status;
  };
  // The first look may come while it is at work.
  while (await statusOf(urls[0]) !== 404) await service.sweep();
  assertEquals(await statusOf(urls[1]), 200);
  assertEquals((await readHistory(service.url, "lobby")).map(({ files }) => files?.[0].url), [urls[1]]);
  const { files, stray, lost } = (await backend(service.url).ask("GET", "/api/files/check")).body;
  assertEquals([files, stray, lost], [1, [], []]);
});

Deno.test("deno task files check finds files that only one side has, and those that aren't as long as they were", async () => {
  await using service = await startService();
  const ids: string[] = [];
  for (let i = 0; i < 4; i++) {
    const { body } = await upload(service, "lobby", png(4, 3, 1_000 + i), { query: "&username=ada" });
    ids.push(body.id);
  }
  const [, cut, long, lost] = ids.map((id) => `${service.directory}/files/${id.slice(-2)}/${id}`);
  await Deno.truncate(cut, 400);
  await Deno.writeFile(long, png(4, 3, 1_000), { append: true });
  await Deno.remove(lost);
  const stray = ulid();
  await Deno.mkdir(`${service.directory}/files/${stray.slice(-2)}`, { recursive: true });
  await Deno.writeFile(`${service.directory}/files/${stray.slice(-2)}/${stray}`, png());
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const around = { url: service.url, serviceToken: TOKEN, print, complain: print };
  assertEquals(await filesCommand(["check"], around), 0);
  // A folder lists in any order.
  assertEquals([...lines.slice(0, 3), ...lines.slice(3).sort()], [
    "3 files, 3402 bytes; 1 only in the storage, 1 only in the database, 2 of another size",
    `only in the storage   ${stray}  100 bytes`,
    `only in the database  ${ids[3]}  lobby  picture.png`,
    `of another size       ${ids[1]}  lobby  picture.png`,
    `of another size       ${ids[2]}  lobby  picture.png`,
  ]);
  assertEquals(await filesCommand(["repair"], around), 2);
});
