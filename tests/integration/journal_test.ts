import { setImmediate } from "node:timers/promises";
import { assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { Journal, type JournalItem, type Sender } from "../../rooms/messages/journal.ts";
import { idInBody } from "../../rooms/messages/message.ts";
import { Outbox } from "../../rooms/messages/outbox.ts";
import { IdempotentCommit } from "../../rooms/kv/idempotent_commit.ts";
import type { Commit } from "../../rooms/messages/commit_stream.ts";
import { guest } from "../../rooms/user.ts";
import { messageFactoryOf } from "../support/messages.ts";

interface Told {
  accepted: string[];
  failed: number;
}

/** A journal on `kv`, and what it has told. */
function setUp(kv: Deno.Kv) {
  const outbox = new Outbox(kv);
  const commits: Commit[] = [];
  const failures: unknown[] = [];
  const told: Told = { accepted: [], failed: 0 };
  const sender: Sender = {
    accepted: ({ id }) => told.accepted.push(id),
    failed: () => told.failed++,
  };
  const journal = new Journal({
    kv,
    outbox,
    idempotentCommit: new IdempotentCommit({ kv, isRemote: false }),
    isShared: true,
    add: () => {},
    displaced: () => {},
    committed: (commit) => commits.push(commit),
    failed: (error) => failures.push(error),
  });
  const messageFactory = messageFactoryOf();
  const write = (message: string, clientId?: string): JournalItem => {
    const draft = messageFactory.draft("lobby", guest("ada"), message);
    const resend = clientId === undefined
      ? undefined
      : { userId: "guest:ada", clientId, message, isDoubtful: true };
    const item = { draft, senders: [sender], resend };
    journal.write(item);
    return item;
  };
  const end = (): Promise<void> => journal.close();
  return { outbox, journal, commits, failures, told, write, [Symbol.asyncDispose]: end };
}

Deno.test("Journal stores what comes together in one commit, and in the order in which it came", async () => {
  using kv = await Deno.openKv(":memory:");
  await using journals = setUp(kv);
  const { journal, commits, told, write, outbox } = journals;
  const items = Array.from({ length: 100 }, (_, i) => write(`m${i}`));
  await journal.drain();
  assertEquals(commits.length, 1);
  assertEquals(told.accepted, items.map(({ draft }) => draft.id));
  const batches = await Array.fromAsync(outbox.after(""));
  assertEquals(batches.flatMap(({ bodies }) => bodies), items.map(({ draft }) => draft.body));
  await outbox.refresh();
  assertEquals(outbox.depth, 100);
});

Deno.test("Journal splits what is more than KV takes: bytes of Chinese text, and resends", async () => {
  using kv = await Deno.openKv(":memory:");
  await using journals = setUp(kv);
  const { journal, commits, failures, write } = journals;
  const long = Array.from({ length: 100 }, () => write("字".repeat(4000)));
  const many = Array.from({ length: 3000 }, (_, i) => write("m", `c${i}`));
  await journal.drain();
  assertEquals(failures, []);
  const stored = commits.flatMap(({ messages }) => messages.map(({ body }) => idInBody(body)));
  assertEquals(stored, [...long, ...many].map(({ draft }) => draft.id));
});

Deno.test("Journal takes up a message again that could not be stored, when it is sent again", async () => {
  using kv = await Deno.openKv(":memory:");
  let isBroken = true;
  const broken = failingKv(kv, (name) => name === "atomic" && isBroken);
  await using journals = setUp(broken);
  const { journal, failures, told, write } = journals;
  write("a", "c1");
  write("b");
  await journal.drain();
  assertEquals([told.failed, told.accepted.length, failures.length], [2, 0, 1]);
  isBroken = false;
  const again = write("a", "c1");
  await journal.drain();
  assertEquals(told.accepted, [again.draft.id]);
});

Deno.test("Journal answers every resend with the first id, at once or later, and stores the message once", async () => {
  using kv = await Deno.openKv(":memory:");
  await using journals = setUp(kv);
  const { journal, commits, told, write } = journals;
  const first = write("a", "c1");
  write("a", "c1");
  await journal.drain();
  write("a", "c1");
  write("b");
  write("a", "c1");
  await journal.drain();
  const stored = commits.flatMap(({ messages }) => messages);
  assertEquals(stored.length, 2);
  assertEquals(told.accepted.filter((id) => id === first.draft.id).length, 4);
});

Deno.test("Journal tells each sender exactly once what became of its message, when a later commit fails", async () => {
  using kv = await Deno.openKv(":memory:");
  let commits = 0;
  const failing = failingKv(kv, (name) => name === "atomic" && ++commits === 3);
  await using journals = setUp(failing);
  const { journal, told, write } = journals;
  write("known", "c0");
  await journal.drain();
  const count = 2000;
  for (let i = 0; i < count; i++) write(`m${i}`, `c${i}`);
  write("known", "c0");
  await journal.drain();
  assertEquals(told.accepted.length + told.failed, count + 2);
  assertEquals(told.accepted.filter((id) => id === told.accepted[0]).length, 2);
  // What failed is taken up when it is sent again, and what was stored is known.
  for (let i = 0; i < count; i++) write(`m${i}`, `c${i}`);
  await journal.drain();
  assertEquals(new Set(told.accepted).size, count + 1);
});

Deno.test("Journal tells resends apart whatever is in their client ids", async () => {
  using kv = await Deno.openKv(":memory:");
  await using journals = setUp(kv);
  const { journal, commits, write } = journals;
  write("b\nc", "a");
  write("c", "a\nb");
  await journal.drain();
  assertEquals(commits.flatMap(({ messages }) => messages).length, 2);
});

/** A KV whose methods fail when `fails` says so. */
function failingKv(kv: Deno.Kv, fails: (name: string) => boolean): Deno.Kv {
  return new Proxy(kv, {
    get(target, name) {
      if (fails(String(name))) throw new Error("disk full");
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

Deno.test("Journal stores a message once that two processes store at the same moment", async () => {
  using kv = await Deno.openKv(":memory:");
  await using one = setUp(kv);
  await using two = setUp(
    new Proxy(kv, {
      get(kv, name) {
        const value = Reflect.get(kv, name, kv);
        if (name !== "getMany") return typeof value === "function" ? value.bind(kv) : value;
        // Between the other's look for resends and its commit.
        return async (keys: Deno.KvKey[]) => {
          const found = await kv.getMany(keys);
          if (one.told.accepted.length === 0) {
            one.write("hi", "1");
            await one.journal.drain();
          }
          return found;
        };
      },
    }),
  );
  two.write("hi", "1");
  two.write("ho", "2");
  await two.journal.drain();
  assertEquals(two.told.accepted[0], one.told.accepted[0]);
  const stored = [...one.commits, ...two.commits].flatMap(({ messages }) => messages.length);
  assertEquals([stored, two.told.failed], [[1, 1], 0]);
});

Deno.test("Journal tells senders that it failed when KV doesn't answer, also of what waits behind, and once", async () => {
  using kv = await Deno.openKv(":memory:");
  const hanging = Promise.withResolvers<void>();
  const slow = new Proxy(kv, {
    get(kv, name) {
      const value = Reflect.get(kv, name, kv);
      if (name !== "getMany") return typeof value === "function" ? value.bind(kv) : value;
      return async (keys: Deno.KvKey[]) => {
        await hanging.promise;
        return await kv.getMany(keys);
      };
    },
  });
  const { journal, told, commits, write } = setUp(slow);
  using time = new FakeTime();
  write("on its way", "1");
  await setImmediate();
  await setImmediate();
  write("behind", "2");
  time.tick(10_000);
  assertEquals([told.failed, told.accepted.length], [2, 0]);
  hanging.resolve();
  await journal.drain();
  assertEquals([told.failed, told.accepted.length], [2, 0]);
  // What was under way is stored, and known when it is sent again.
  const stored = commits.flatMap(({ messages }) => messages.map(({ body }) => idInBody(body)));
  assertEquals(stored.length, 1);
  write("on its way", "1");
  write("behind", "2");
  await journal.close();
  assertEquals([told.accepted[0], told.accepted.length], [stored[0], 2]);
});
