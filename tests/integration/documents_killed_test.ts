/** The service on three isolates, killed again and again while people write: nothing acknowledged is lost or doubled. */
import { assertEquals } from "@std/assert";
import { PASSWORD } from "../support/cast.ts";
import { Editor, Typist, until } from "../support/editor.ts";
import { startProcess } from "../support/process.ts";
import { seeded } from "../support/random.ts";
import { temporaryDirectory, TOKEN } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const ID = "minutes";
const KILLS = 2;
const EDITS = 50;

Deno.test("Documents on three isolates converge though all are killed while people write", async () => {
  await using directory = await temporaryDirectory();
  const env = {
    KV_PATH: `${directory.path}/t.db`,
    LOG_CSV_PATH: `${directory.path}/log.csv`,
    SERVICE_TOKEN: TOKEN,
    DENO_JOBS: "3",
  };
  const random = seeded(11);
  const people: Visitor[] = [];
  const editors: Editor[] = [];
  const acknowledged: string[] = [];
  let count = 0;
  const token = (): string => String.fromCharCode(0xe000 + count++);
  const place = (length: number): number => Math.floor(random() * (length + 1));

  const begin = async () => {
    // With the permissions that the tasks give: Yjs looks at variables of its own.
    const files = [`--allow-read=.,${directory.path}`, `--allow-write=${directory.path}`];
    const service = await startProcess(env, ["--parallel"], ["-P=service", ...files]);
    await until(() => service.log.filter(({ event }) => event === "started").length === 3);
    return service;
  };

  for (let kill = 0; kill <= KILLS; kill++) {
    await using service = await begin();
    for (const name of people.length ? [] : ["ada", "bo", "cy", "di"]) {
      const backend = new Visitor(service.url, { authorization: `Bearer ${TOKEN}` });
      await backend.ask("POST", "/api/users", { username: name, password: PASSWORD });
      people.push(await Visitor.signedIn(service.url, name, PASSWORD));
      if (name !== "di") editors.push(new Editor(people[people.length - 1]));
    }
    for (const editor of editors) editor.connect(service.url, ID);
    for (const editor of editors) await editor.synced();
    await using typist = await Typist.at(service.url, ID, people[3]);
    const typed: string[] = [];
    for (let i = 0; i < EDITS; i++) {
      const editor = editors[Math.floor(random() * editors.length)];
      editor.text.insert(place(editor.text.length), `${token()}文`);
      if (i % 5 === 0) {
        typist.catchUp();
        const one = token();
        const edit = { type: "edit", action: "insert", position: place(typist.content.length), text: one };
        typist.client.send({ ...edit, client_id: one });
        typed.push(one);
      }
      if (random() < 0.1) {
        await editor.disconnect();
        editor.connect(service.url, ID);
      }
      await new Promise((resolve) => setTimeout(resolve, random() * 25));
    }
    const saved = (): string[] =>
      typist.client.frames.flatMap(({ type, client_id: id }) => type === "saved" ? [id] : []);
    if (kill < KILLS) {
      acknowledged.push(...saved());
      await service.kill();
      acknowledged.push(...saved().filter((one) => !acknowledged.includes(one)));
      for (const editor of editors) await editor.disconnect();
      await typist.client.closed;
      continue;
    }
    await until(() => typed.every((one) => saved().includes(one)));
    acknowledged.push(...typed);
    await until(() => editors.every(({ isSynced }) => isSynced));
    await until(() => editors.every(({ text }) => text.toString() === editors[0].text.toString()));
    await until(() => (typist.catchUp(), typist.content === editors[0].text.toString()));
    await typist.saved();
  }
  const text = editors[0].text.toString();
  for (const one of acknowledged) assertEquals([one, text.split(one).length - 1], [one, 1]);
  for (let i = 0; i < count; i++) {
    const one = String.fromCharCode(0xe000 + i);
    assertEquals(text.split(one).length - 1 > 1, false);
  }
  assertEquals(text.split("文").length - 1, (KILLS + 1) * EDITS);
  for (const editor of editors) await editor[Symbol.asyncDispose]();
  await using service = await begin();
  await using late = await Editor.at(service.url, ID, people[0]);
  assertEquals(late.text.toString(), text);
});
