/** What keeps edits until they are durable, while KV is slow or out of reach. */
import { assert, assertEquals } from "@std/assert";
import * as Y from "yjs";
import { DocumentStore } from "../../rooms/documents/document_store.ts";
import { Persistence } from "../../rooms/documents/persistence.ts";
import { until } from "../support/editor.ts";

interface Setting extends AsyncDisposable {
  readonly persistence: Persistence;
  /** Lets KV answer so many writes, and no more. */
  answer(writes: number): void;
  /** Whether KV can be reached. */
  isOut: boolean;
  /** How often the whole document was asked for. */
  readonly snapshots: number;
  /** Makes so many edits of one character. */
  edit(count: number): void;
  /** The text that is durable. */
  stored(): Promise<string>;
}

async function openSetting(): Promise<Setting> {
  const kv = await Deno.openKv(":memory:");
  const doc = new Y.Doc();
  let gate = Promise.withResolvers<void>();
  let answers = 0;
  const write = async <T>(act: () => Promise<T>): Promise<T> => {
    while (answers === 0) await gate.promise;
    answers--;
    if (setting.isOut) throw new Error("KV is out of reach");
    return await act();
  };
  const store = new DocumentStore(kv, "a");
  await store.read();
  const append = store.append.bind(store);
  store.append = (update) => write(() => append(update));
  const replace = store.replace.bind(store);
  store.replace = (state) => write(() => replace(state));
  let snapshots = 0;
  const persistence = new Persistence({
    store,
    state() {
      snapshots++;
      return Y.encodeStateAsUpdate(doc) as Uint8Array<ArrayBuffer>;
    },
    apply: (updates) => updates.forEach((update) => Y.applyUpdate(doc, update, "kv")),
    ready: () => Promise.resolve(),
    saved() {},
    failed() {},
  });
  doc.on("update", (update, origin) => origin !== "kv" && persistence.own(update as Uint8Array<ArrayBuffer>));
  const setting: Setting = {
    persistence,
    isOut: false,
    get snapshots() {
      return snapshots;
    },
    answer(writes) {
      answers = writes;
      gate.resolve();
      gate = Promise.withResolvers();
    },
    edit(count) {
      for (let i = 0; i < count; i++) doc.getText("content").insert(0, "a");
    },
    async stored() {
      const stored = new Y.Doc();
      for (const update of await new DocumentStore(kv, "a").read()) Y.applyUpdate(stored, update);
      return stored.getText("content").toString();
    },
    async [Symbol.asyncDispose]() {
      setting.answer(Infinity);
      await persistence.close();
      kv.close();
    },
  };
  return setting;
}

Deno.test("Persistence acknowledges what a slow save has stored, however much has come meanwhile", async () => {
  await using setting = await openSetting();
  const { persistence, edit, answer } = setting;
  let settled = 0;
  edit(10);
  persistence.whenSaved({}, () => settled++);
  const settling = persistence.settle();
  edit(3_000);
  persistence.whenSaved({}, () => settled++);
  answer(1);
  await until(() => settled > 0);
  assertEquals([settled, (await setting.stored()).length], [1, 10]);
  answer(Infinity);
  await settling;
  assertEquals([settled, (await setting.stored()).length], [2, 3_010]);
});

Deno.test("Persistence lets the document stand for its edits when there are many that KV doesn't take", async () => {
  await using setting = await openSetting();
  const { persistence, edit, answer } = setting;
  let isSaved = false;
  setting.isOut = true;
  answer(Infinity);
  edit(1_000);
  persistence.whenSaved({}, () => isSaved = true);
  const settling = persistence.settle();
  edit(1_000);
  await until(() => setting.snapshots > 0);
  assert(!isSaved);
  setting.isOut = false;
  await settling;
  assert(isSaved);
  assertEquals((await setting.stored()).length, 2_000);
});

Deno.test("Persistence refuses who asks without end, and calls nobody back who has left", async () => {
  await using setting = await openSetting();
  const { persistence, edit, answer } = setting;
  const [ada, bo] = [{}, {}];
  const saved: object[] = [];
  edit(1);
  const answers = Array.from({ length: 10_001 }, () => persistence.whenSaved(ada, () => saved.push(ada)));
  assertEquals([answers.indexOf(false), persistence.whenSaved(bo, () => saved.push(bo))], [10_000, true]);
  persistence.forget(ada);
  answer(Infinity);
  await persistence.settle();
  assertEquals(saved, [bo]);
  assert(persistence.whenSaved(ada, () => saved.push(ada)));
  assertEquals(saved, [bo, ada]);
});
