/** What a document is in KV, whenever the process dies, and when it leaves memory. */
import { assert, assertEquals } from "@std/assert";
import * as Y from "yjs";
import { DocumentStore } from "../../rooms/documents/document_store.ts";
import { Documents } from "../../rooms/documents/documents.ts";
import { until } from "../support/editor.ts";

/** A document that grows, and what it has grown by. */
class Growth {
  readonly doc = new Y.Doc();
  #known = Y.encodeStateVector(this.doc);

  get state(): Uint8Array<ArrayBuffer> {
    return Y.encodeStateAsUpdate(this.doc) as Uint8Array<ArrayBuffer>;
  }

  by(text: string): Uint8Array<ArrayBuffer> {
    this.doc.getText("content").insert(0, text);
    const update = Y.encodeStateAsUpdate(this.doc, this.#known);
    this.#known = Y.encodeStateVector(this.doc);
    return update as Uint8Array<ArrayBuffer>;
  }
}

async function textIn(kv: Deno.Kv): Promise<string> {
  const doc = new Y.Doc();
  for (const update of await new DocumentStore(kv, "a").read()) Y.applyUpdate(doc, update);
  assertEquals([doc.store.pendingStructs, doc.store.pendingDs], [null, null]);
  const text = doc.getText("content").toString();
  doc.destroy();
  return text;
}

/** KV that makes so many commits and then no more. */
function dying(kv: Deno.Kv, commits: number): { kv: Deno.Kv; hasDied: () => boolean } {
  let left = commits;
  const guarded = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(target, name) {
        const value = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          if ((name === "commit" || name === "set" && target === kv) && left-- <= 0) throw new Error("Dead");
          const result = value.apply(target, args);
          return result === target || name === "atomic" ? guarded(result) : result;
        };
      },
    });
  return { kv: guarded(kv), hasDied: () => left < 0 };
}

Deno.test("DocumentStore loses and doubles nothing, wherever between two commits its process dies", async () => {
  for (let commits = 0, isOver = false; !isOver; commits++) {
    const kv = await Deno.openKv(":memory:");
    const mortal = dying(kv, commits);
    const growth = new Growth();
    let acknowledged = "";
    try {
      const store = new DocumentStore(mortal.kv, "a");
      await store.read();
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 3; i++) {
          await store.append(growth.by(`${round}.${i} `));
          acknowledged = growth.doc.getText("content").toString();
        }
        // Large enough for several pieces.
        growth.by("很長".repeat(40_000));
        await store.read();
        assert(await store.replace(growth.state));
        acknowledged = growth.doc.getText("content").toString();
      }
      isOver = true;
    } catch (error) {
      if (!mortal.hasDied()) throw error;
    }
    const text = await textIn(kv);
    const whole = growth.doc.getText("content").toString();
    assert(text === acknowledged || text === whole, `died after ${commits} commits`);
    // Whoever comes next clears away what was left behind.
    const next = new DocumentStore(kv, "a");
    const doc = new Y.Doc();
    for (const update of await next.read()) Y.applyUpdate(doc, update);
    assert(await next.replace(Y.encodeStateAsUpdate(doc) as Uint8Array<ArrayBuffer>));
    const keys = await Array.fromAsync(kv.list({ prefix: ["doc"] }, { batchSize: 10 }), ({ key }) => key[2]);
    assertEquals(keys.filter((kind) => kind === "update"), []);
    const head = await kv.get<{ parts: number }>(["doc", "a", "head"]);
    assertEquals(keys.filter((kind) => kind === "part").length, head.value?.parts);
    assertEquals(await textIn(kv), text);
    kv.close();
  }
});

Deno.test("DocumentStore.replace() gives way to another's, and DocumentStore.read() finds what that one has", async () => {
  const kv = await Deno.openKv(":memory:");
  const [here, there] = [new DocumentStore(kv, "a"), new DocumentStore(kv, "a")];
  const growth = new Growth();
  await here.append(growth.by("one "));
  const doc = new Y.Doc();
  for (const store of [here, there]) for (const update of await store.read()) Y.applyUpdate(doc, update);
  // It brings what never was an update.
  growth.by("two ");
  assert(await there.replace(growth.state));
  assertEquals(await here.replace(Y.encodeStateAsUpdate(doc) as Uint8Array<ArrayBuffer>), false);
  for (const update of await here.read()) Y.applyUpdate(doc, update);
  assertEquals(doc.getText("content").toString(), "two one ");
  assert(await here.replace(Y.encodeStateAsUpdate(doc) as Uint8Array<ArrayBuffer>));
  assertEquals(await textIn(kv), "two one ");
  kv.close();
});

Deno.test("Documents serve nobody before they are loaded, load once for all, and acknowledge when KV has it", async () => {
  const kv = await Deno.openKv(":memory:");
  const growth = new Growth();
  await new DocumentStore(kv, "a").append(growth.by("stored"));
  let gate = Promise.withResolvers<void>();
  let lists = 0;
  let isOut = false;
  const slow = new Proxy(kv, {
    get(kv, name) {
      if (name === "list") {
        return async function* (...args: Parameters<Deno.Kv["list"]>) {
          if (String(args[0] && "start" in args[0] && args[0].start[2]) === "update") lists++;
          await gate.promise;
          yield* kv.list(...args);
        };
      }
      const value = Reflect.get(kv, name, kv);
      if (name === "set") {
        return async (...args: Parameters<Deno.Kv["set"]>) => {
          if (isOut) throw new Error("KV is out of reach");
          return await kv.set(...args);
        };
      }
      return typeof value === "function" ? value.bind(kv) : value;
    },
  });
  const failures: string[] = [];
  const failed = (what: string): void => void failures.push(what);
  const documents = new Documents({ kv: slow, now: Date.now, channel: undefined, failed });
  const frames: Record<string, string>[][] = [[], []];
  const joining = frames.map((frames, i) =>
    documents.join("a", {
      user: { id: `u${i}`, name: `u${i}` },
      send: (frame) => void frames.push(JSON.parse(String(frame))),
      drained: () => Promise.resolve(),
      close: () => Promise.resolve(),
    }, "plain")
  );
  await until(() => lists > 0);
  assertEquals(frames, [[], []]);
  gate.resolve();
  const participations = await Promise.all(joining);
  assertEquals([lists, ...frames.map(([first]) => first)], [
    1,
    { type: "document_content", content: "stored" },
    { type: "document_content", content: "stored" },
  ]);
  isOut = true;
  participations[0]?.receive(
    JSON.stringify({ type: "edit", action: "insert", position: 0, text: "a", client_id: "1" }),
  );
  await until(() => failures.includes("document_save_failed"));
  const saved = () => frames[0].some(({ type }) => type === "saved");
  assert(!saved());
  isOut = false;
  await until(saved);
  assertEquals(await textIn(kv), "astored");
  gate = Promise.withResolvers();
  gate.resolve();
  for (const participation of participations) participation?.leave();
  await documents.settle();
  await documents.close();
  kv.close();
});

Deno.test("Documents leave memory only when they are saved, and not while somebody comes", async () => {
  const kv = await Deno.openKv(":memory:");
  let gate = Promise.withResolvers<void>();
  let writes = 0;
  let reads = 0;
  const slow = new Proxy(kv, {
    get(kv, name) {
      const value = Reflect.get(kv, name, kv);
      if (name === "list") reads++;
      if (name !== "set") return typeof value === "function" ? value.bind(kv) : value;
      return async (...args: Parameters<Deno.Kv["set"]>) => {
        writes++;
        await gate.promise;
        return await kv.set(...args);
      };
    },
  });
  const failures: unknown[] = [];
  const failed = (_what: string, error: unknown): void => void failures.push(error);
  const documents = new Documents({ kv: slow, now: Date.now, channel: undefined, lingerMs: 1, failed });
  const connection = {
    user: { id: "ada", name: "ada" },
    send() {},
    drained: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  const participation = await documents.join("a", connection, "plain");
  participation?.receive(JSON.stringify({ type: "edit", action: "insert", position: 0, text: "here" }));
  participation?.leave();
  await until(() => writes > 0);
  // It has left, and its save is under way: it is the same document still, and KV isn't asked.
  const before = reads;
  assertEquals([await documents.read("a"), reads], ["here", before]);
  gate.resolve();
  await until(() => failures.length === 0 && writes > 0);
  await documents.settle();
  gate = Promise.withResolvers();
  gate.resolve();
  let isReloaded = false;
  const end = performance.now() + 30_000;
  while (!isReloaded && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const count = reads;
    assertEquals(await documents.read("a"), "here");
    isReloaded = reads > count;
  }
  assert(isReloaded);
  await documents.settle();
  await documents.close();
  kv.close();
  assertEquals(failures, []);
});

Deno.test("Documents out of reach of KV send away who asks on and on, and save all that was written when it is back", async () => {
  const kv = await Deno.openKv(":memory:");
  let isOut = true;
  const failing = new Proxy(kv, {
    get(kv, name) {
      const value = Reflect.get(kv, name, kv);
      if (name !== "set") return typeof value === "function" ? value.bind(kv) : value;
      return async (...args: Parameters<Deno.Kv["set"]>) => {
        if (isOut) throw new Error("KV is out of reach");
        return await kv.set(...args);
      };
    },
  });
  const documents = new Documents({ kv: failing, now: Date.now, channel: undefined, failed() {} });
  const closes: number[] = [];
  const frames: string[][] = [[], []];
  const participations = await Promise.all(frames.map((frames, i) =>
    documents.join("a", {
      user: { id: `u${i}`, name: `u${i}` },
      send: (frame) => void frames.push(String(frame)),
      drained: () => Promise.resolve(),
      close: (code) => {
        closes.push(code);
        participations[i]?.leave();
        return Promise.resolve();
      },
    }, "plain")
  ));
  const insert = { type: "edit", action: "insert", position: 0, text: "a" };
  for (let i = 0; i < 300; i++) participations[0]?.receive(JSON.stringify(insert));
  participations[0]?.receive(JSON.stringify({ type: "save", client_id: "end" }));
  for (let i = 0; i < 10_002; i++) {
    participations[1]?.receive(JSON.stringify({ type: "save", client_id: `${i}` }));
  }
  assertEquals(closes, [1013]);
  isOut = false;
  await until(() => frames[0].includes(JSON.stringify({ type: "saved", client_id: "end" })));
  assertEquals(frames[1].filter((frame) => frame.includes("saved")), []);
  assertEquals((await textIn(kv)).length, 300);
  participations[0]?.leave();
  await documents.settle();
  await documents.close();
  kv.close();
});
