import { assertEquals } from "@std/assert";
import { Queue } from "../../rooms/kv/queue.ts";

Deno.test("Queue tells messages apart by their kind, and brings those of a commit once it is made", async () => {
  const kv = await Deno.openKv(":memory:");
  const queue = new Queue(kv);
  const heard: string[] = [];
  const both = Promise.withResolvers<void>();
  for (const kind of ["log", "report"]) {
    queue.handle(kind, () => {
      heard.push(kind);
      if (heard.length === 2) both.resolve();
      return Promise.resolve();
    });
  }
  const listening = queue.listen();
  // An isolate has one listener, whoever asks for it.
  assertEquals(queue.listen() === listening, true);
  const refused = kv.atomic().check({ key: ["x"], versionstamp: "00000000000000000000" });
  queue.add(refused, { kind: "log", batch: "never" }, 0);
  assertEquals((await refused.commit()).ok, false);
  for (const message of [{ kind: "unknown" }, "text", null, { kind: 5 }]) await kv.enqueue(message);
  const made = kv.atomic().set(["x"], 1);
  queue.add(made, { kind: "report", id: "1" }, 0);
  await made.commit();
  await queue.send({ kind: "log", batch: "1" }, 0);
  await both.promise;
  assertEquals(heard.toSorted(), ["log", "report"]);
  kv.close();
  await listening;
});
