/** Documents whose KV answers at the wrong moment: nothing that was said to be saved is lost. */
import { assert, assertEquals } from "@std/assert";
import * as Y from "yjs";
import { DocumentStore } from "../../rooms/documents/document_store.ts";
import type { Post } from "../../rooms/cluster/channel.ts";
import { Documents } from "../../rooms/documents/documents.ts";
import { until } from "../support/editor.ts";

const LINGER_MS = 20;

/** KV whose operations wait for a hook; it is told of the key where there is one. */
function slowed(kv: Deno.Kv, hook: (name: "get" | "set", key: Deno.KvKey) => Promise<void>): Deno.Kv {
  return new Proxy(kv, {
    get(kv, name) {
      const value = Reflect.get(kv, name, kv);
      if (typeof value !== "function") return value;
      return name === "get" || name === "set"
        ? (key: Deno.KvKey, ...rest: unknown[]) => hook(name, key).then(() => value.call(kv, key, ...rest))
        : value.bind(kv);
    },
  });
}

/** A connection that keeps what it is told. */
function connection(name: string) {
  const frames: Record<string, string>[] = [];
  return {
    frames,
    user: { id: name, name },
    send(frame: unknown) {
      if (typeof frame === "string") frames.push(JSON.parse(frame));
    },
    drained: () => Promise.resolve(),
    close: () => Promise.resolve(),
    hasSaved: (id: string) => frames.some(({ type, client_id }) => type === "saved" && client_id === id),
  };
}

function insert(text: string, id = text): string {
  return JSON.stringify({ type: "edit", action: "insert", position: 0, text, client_id: id });
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("Documents stay one for all who come after somebody came and went while it was being let go", async () => {
  const kv = await Deno.openKv(":memory:");
  const gate = Promise.withResolvers<void>();
  let writes = 0;
  const slow = slowed(kv, (name) => name === "set" && writes++ === 0 ? gate.promise : Promise.resolve());
  const failures: unknown[] = [];
  const failed = (_what: string, error: unknown): void => void failures.push(error);
  const documents = new Documents({
    kv: slow,
    now: Date.now,
    channel: undefined,
    lingerMs: LINGER_MS,
    failed,
  });
  const first = await documents.join("a", connection("ada"), "plain");
  first?.receive(insert("first"));
  first?.leave();
  await until(() => writes > 0);
  await pause(2 * LINGER_MS);
  // It is let go as soon as it is saved; another one looks in meanwhile, and goes again.
  assertEquals(await documents.read("a"), "first");
  gate.resolve();
  await documents.settle();
  await pause(0);
  const [ada, bo] = [connection("ada"), connection("bo")];
  const participations = [await documents.join("a", ada, "plain")];
  // Timers fire in the order in which they are due: that of the one who looked in was set earlier.
  await pause(LINGER_MS);
  await pause(0);
  participations.push(await documents.join("a", bo, "plain"));
  participations[1]?.receive(insert("second "));
  await until(() => bo.hasSaved("second "));
  assert(ada.frames.some(({ type, text }) => type === "edit" && text === "second "));
  for (const participation of participations) participation?.leave();
  await documents.settle();
  await documents.close();
  kv.close();
  assertEquals(failures, []);
});

Deno.test("Documents that close while a snapshot is made leave what others have saved, and settle after it", async () => {
  const kv = await Deno.openKv(":memory:");
  const store = new DocumentStore(kv, "a");
  const elsewhere = new Y.Doc();
  const edits: Promise<void>[] = [];
  elsewhere.on("update", (update) => edits.push(store.append(update as Uint8Array<ArrayBuffer>)));
  for (let i = 0; i < 205; i++) elsewhere.getText("content").insert(0, "s");
  await Promise.all(edits);
  const gate = Promise.withResolvers<void>();
  const reading = Promise.withResolvers<void>();
  let isSaved = false;
  const slow = slowed(kv, (name, [, , kind]) => {
    if (!isSaved || name !== "get" || kind !== "head") return Promise.resolve();
    reading.resolve();
    return gate.promise;
  });
  const broken = Promise.withResolvers<string>();
  const documents = new Documents({ kv: slow, now: Date.now, channel: undefined, failed: broken.resolve });
  const participation = await documents.join("a", connection("ada"), "plain");
  elsewhere.getText("content").insert(0, "saved elsewhere ");
  await Promise.all(edits);
  isSaved = true;
  participation?.receive(insert("here "));
  await reading.promise;
  let isSettled = false;
  const settling = documents.settle().then(() => isSettled = true);
  await pause(0);
  assert(!isSettled);
  const closing = documents.close();
  gate.resolve();
  await Promise.all([settling, closing]);
  assertEquals(await broken.promise, "document_save_failed");
  const next = new Documents({ kv, now: Date.now, channel: undefined, failed: broken.reject });
  const text = await next.read("a");
  assert(text.includes("saved elsewhere ") && text.includes("here "));
  await next.close();
  elsewhere.destroy();
  kv.close();
});

Deno.test("Documents restored while somebody types keep what is typed, in the text or in the version before", async () => {
  const kv = await Deno.openKv(":memory:");
  let gate: PromiseWithResolvers<void> | undefined;
  let waiting = 0;
  const slow = slowed(kv, async (name, [kind]) => {
    if (!gate || name !== "get" || kind !== "document") return;
    waiting++;
    await gate.promise;
  });
  const failures: unknown[] = [];
  const failed = (_what: string, error: unknown): void => void failures.push(error);
  const documents = new Documents({ kv: slow, now: Date.now, channel: undefined, failed });
  const ada = connection("ada");
  const participation = await documents.join("a", ada, "plain");
  participation?.receive(insert("old"));
  await until(() => ada.hasSaved("old"));
  await documents.settle();
  await documents.documentList.versions.keepNow("a", "old");
  participation?.receive(insert("new "));
  await documents.settle();
  const [version] = await documents.documentList.versions.list("a");
  gate = Promise.withResolvers();
  const restoring = documents.restore("a", version.id, { id: "bo", name: "bo" });
  // Restoring asks for the document's entry twice: to note who restores, and to keep what was before.
  for (const count of [1, 2]) {
    await until(() => waiting >= count);
    participation?.receive(insert(`typed ${count} `));
    const open: PromiseWithResolvers<void> | undefined = gate;
    gate = count === 1 ? Promise.withResolvers() : undefined;
    open?.resolve();
  }
  assert(await restoring);
  await documents.settle();
  const text = await documents.read("a");
  const [latest] = await documents.documentList.versions.list("a");
  const before = await documents.documentList.versions.text("a", latest.id);
  for (const typed of ["typed 1 ", "typed 2 "]) assert(`${text}${before}`.includes(typed), `${typed}is lost`);
  participation?.leave();
  await documents.settle();
  await documents.close();
  kv.close();
  assertEquals(failures, []);
});

Deno.test("Documents say that an edit of another isolate is saved when that one has saved it, and not before", async () => {
  const kv = await Deno.openKv(":memory:");
  const gate = Promise.withResolvers<void>();
  const slow = slowed(kv, (name) => name === "set" ? gate.promise : Promise.resolve());
  const failures: unknown[] = [];
  const failed = (_what: string, error: unknown): void => void failures.push(error);
  const isolates: Documents[] = [];
  for (const other of [1, 0]) {
    const channel = {
      post: (post: Post) => isolates[other]?.receive(post),
      listen: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    isolates.push(new Documents({ kv: slow, now: Date.now, channel, failed }));
  }
  const [ada, bo] = [connection("ada"), connection("bo")];
  const participations = [
    await isolates[0].join("a", ada, "plain"),
    await isolates[1].join("a", bo, "plain"),
  ];
  participations[0]?.receive(insert("precious"));
  await until(() => bo.frames.some(({ type, text }) => type === "edit" && text === "precious"));
  participations[1]?.receive(JSON.stringify({ type: "save", client_id: "1" }));
  assert(!bo.hasSaved("1"));
  gate.resolve();
  await until(() => ada.hasSaved("precious") && bo.hasSaved("1"));
  for (const participation of participations) participation?.leave();
  for (const isolate of isolates) await isolate.settle();
  for (const isolate of isolates) await isolate.close();
  kv.close();
  assertEquals(failures, []);
});
