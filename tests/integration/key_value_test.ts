import { assertEquals } from "@std/assert";
import type { Post } from "../../rooms/cluster/channel.ts";
import { KeyValue } from "../../rooms/cluster/key_value.ts";

Deno.test("KeyValue passes over a post that is larger than KV takes, and brings those around it", async () => {
  const kv = await Deno.openKv(":memory:");
  const failures: unknown[] = [];
  const failed = (error: unknown): void => void failures.push(error);
  const [here, there] = [0, 1].map(() => new KeyValue({ kv, failed }));
  const received: Post[] = [];
  const all = Promise.withResolvers<void>();
  await there.listen({
    receive(post) {
      if (post.type !== "committed") received.push(post);
      if (post.type === "inbox" && post.account === "after") all.resolve();
    },
  });
  const messages = Array.from({ length: 900 }, () => ({ room: "lobby", body: "報".repeat(100) }));
  const large: Post = { type: "commit", previous: "", versionstamp: "1", messages };
  const [before, after]: Post[] = ["before", "after"].map((account) => ({ type: "inbox", account }));
  for (const post of [before, large, after]) here.post(post);
  await all.promise;
  assertEquals(received, [before, after]);
  await here.close();
  await there.close();
  kv.close();
  assertEquals(failures, []);
});
