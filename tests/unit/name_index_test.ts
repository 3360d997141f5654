import { assertEquals } from "@std/assert";
import { NameIndex } from "../../rooms/access/name_index.ts";
import { type Change, ChangeFeed } from "../../rooms/kv/change_feed.ts";
import { systemClock } from "../../rooms/clock.ts";

interface Setting {
  readonly names: NameIndex;
  /** How often all names were listed. */
  readonly listed: () => number;
  change(change: Change): Promise<void>;
  /** Waits until what was begun has come to its end. */
  settle(): Promise<void>;
}

/** Registers a test with names of which `list` brings the owned ones. */
function namesTest(
  name: string,
  list: (names: NameIndex) => AsyncIterable<string>,
  act: (setting: Setting) => Promise<void>,
): void {
  Deno.test(name, async () => {
    using kv = await Deno.openKv(":memory:");
    const changes = new ChangeFeed(kv, systemClock);
    await changes.open();
    let listed = 0;
    let settled = Promise.resolve();
    const names: NameIndex = new NameIndex(async function* () {
      const ended = Promise.withResolvers<void>();
      settled = ended.promise;
      listed++;
      try {
        yield* list(names);
      } finally {
        ended.resolve();
      }
    }, changes);
    await act({
      names,
      listed: () => listed,
      change: async (change) => {
        await changes.add(kv.atomic(), change).commit();
        await changes.poll();
      },
      settle: () => settled.then(() => {}),
    });
  });
}

namesTest("NameIndex lists names once, and then knows which are free", async function* () {
  yield "ada";
}, async ({ names, listed, settle }) => {
  assertEquals([names.mayOwn("ada"), names.mayOwn("bo")], [true, true]);
  await settle();
  assertEquals([names.mayOwn("ada"), names.mayOwn("bo")], [true, false]);
  assertEquals([names.mayBegin("a"), names.mayBegin("b")], [true, false]);
  names.add(["bo"]);
  assertEquals([names.mayOwn("bo"), names.mayBegin("b")], [true, true]);
  assertEquals(listed(), 1);
});

namesTest("NameIndex misses no name that is made while it lists the others", async function* (names) {
  names.add(["bo"]);
  yield "ada";
  await Promise.resolve();
}, async ({ names, change, settle }) => {
  names.mayOwn("ada");
  await settle();
  assertEquals([names.mayOwn("bo"), names.mayOwn("cy")], [true, false]);
  await change({ type: "names", names: ["cy"] });
  assertEquals(names.mayOwn("cy"), true);
});

namesTest("NameIndex lists anew when it may have missed a change", async function* () {
  yield "ada";
}, async ({ names, listed, change, settle }) => {
  names.mayOwn("bo");
  await settle();
  await change({ type: "unknown" });
  assertEquals(names.mayOwn("bo"), true);
  await settle();
  assertEquals([names.mayOwn("bo"), listed()], [false, 2]);
});

const late = Promise.withResolvers<void>();
namesTest("NameIndex uses no list that was begun before it may have missed a change", async function* () {
  yield "ada";
  await late.promise;
}, async ({ names, listed, change, settle }) => {
  names.mayOwn("bo");
  const first = settle();
  await change({ type: "unknown" });
  late.resolve();
  await first;
  assertEquals(names.mayOwn("bo"), true);
  await settle();
  assertEquals([names.mayOwn("bo"), listed()], [false, 2]);
});

namesTest("NameIndex takes any name for owned while they can't be listed", async function* () {
  yield "ada";
  throw new Error("KV is out of reach");
}, async ({ names, settle }) => {
  names.mayOwn("bo");
  await settle();
  assertEquals(names.mayOwn("bo"), true);
  await settle();
});

namesTest("NameIndex holds no more names than fit", async function* () {
  for (let index = 0; index < 200_002; index++) yield String(index);
}, async ({ names, listed, settle }) => {
  names.mayOwn("bo");
  await settle();
  assertEquals([names.mayOwn("bo"), listed()], [true, 1]);
});
