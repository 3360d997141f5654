import { assertEquals } from "@std/assert";
import { GRACE_MS, Presence } from "../../rooms/presence/presence.ts";
import { guest } from "../../rooms/user.ts";

const [ada, bo] = [guest("ada"), guest("bo")];

Deno.test("DocumentAwareness.settle() tells each coming and going once", () => {
  const presence = new Presence();
  presence.open(ada);
  presence.open(ada);
  presence.open(bo);
  assertEquals(presence.settle(0), { joined: [ada, bo], left: [], renamed: [] });
  presence.close(ada, 0);
  presence.close(bo, 0);
  assertEquals(presence.settle(GRACE_MS), { joined: [], left: [bo], renamed: [] });
  assertEquals(presence.users(), [ada]);
});

Deno.test("DocumentAwareness keeps whoever comes back within the grace period", () => {
  const presence = new Presence();
  presence.open(ada);
  presence.settle(0);
  presence.close(ada, 0);
  assertEquals(presence.nextLeave(), GRACE_MS);
  assertEquals(presence.settle(GRACE_MS - 1), { joined: [], left: [], renamed: [] });
  presence.open(ada);
  assertEquals(presence.settle(GRACE_MS + 1), { joined: [], left: [], renamed: [] });
  assertEquals(presence.nextLeave(), undefined);
});

Deno.test("DocumentAwareness says nothing of who came and went between two looks", () => {
  const presence = new Presence();
  presence.open(ada);
  presence.close(ada, 0);
  assertEquals(presence.settle(GRACE_MS), { joined: [], left: [], renamed: [] });
  assertEquals(presence.isEmpty, true);
});

Deno.test("DocumentAwareness leaves no ghost when two hundred connections close at once", () => {
  const presence = new Presence();
  const users = Array.from({ length: 200 }, (_, i) => guest(`u${i % 50}`));
  for (const user of users) presence.open(user);
  presence.settle(0);
  for (const user of users) presence.close(user, 1);
  assertEquals(presence.settle(GRACE_MS + 1).left.length, 50);
  assertEquals(presence.users(), []);
});
