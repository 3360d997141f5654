import { assert, assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import type { Member } from "../../rooms/member.ts";
import { GRACE_MS, Presence } from "../../rooms/presence/presence.ts";
import { PresenceEvents } from "../../rooms/presence/presence_events.ts";
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

Deno.test("PresenceEvents sends who comes at once, and then rests the longer the larger the room is", () => {
  using time = new FakeTime();
  const members = new Set<Member>();
  const told: number[] = [];
  const nobody = { came: () => {}, went: () => {}, typing: () => {}, elsewhere: () => [] };
  const events = new PresenceEvents({
    room: "lobby",
    members,
    elapsed: () => time.now,
    now: () => time.now,
    personOf: ({ id }) => id,
    isOwned: () => Promise.resolve(false),
    elsewhere: nobody,
    emptied: () => {},
  });
  const enter = (name: string): void => {
    const send = (): void => void (name === "u0" && told.push(time.now - began));
    const member = { user: guest(name), connection: { takesEvents: true }, knowsUsers: false, send };
    members.add(member as unknown as Member);
    events.opened(member as unknown as Member);
  };
  const began = time.now;
  enter("u0");
  time.tick(0);
  enter("u1");
  time.tick(20);
  enter("u2");
  time.tick(10);
  assertEquals(told, [0, 10, 30], "after 10 ms for each of those who were there");
  told.length = 0;
  // A crowd of 500 within five seconds: about one frame a second reaches each member.
  for (let i = 3; i < 500; i++) {
    enter(`u${i}`);
    time.tick(10);
  }
  time.tick(1_000);
  assert(told.length <= 15 && events.users.length === 500, `${told.length} frames`);
  // Deno 2.5 may call a timer that is due already though it was cleared in the same turn.
  told.length = 0;
  enter("late");
  const { clearTimeout } = globalThis;
  globalThis.clearTimeout = () => {};
  events.close();
  globalThis.clearTimeout = clearTimeout;
  time.tick(60_000);
  assertEquals(told, []);
});
