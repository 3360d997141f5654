import { assertEquals } from "@std/assert";
import { type Change, Changes } from "../../rooms/kv/change_feed.ts";
import { systemClock } from "../../rooms/clock.ts";
import { Doors, type Visit } from "../../rooms/access/live_connections.ts";
import { guest, type User } from "../../rooms/user.ts";

const ADA: User = { id: "ada", name: "ada", isGuest: false, role: "user" };

interface Setting {
  readonly doors: Doors;
  readonly closed: number[];
  /** Makes a change and waits until it is heeded. */
  change(change: Change): Promise<void>;
  /** A visit, of somebody who is signed out by now unless said otherwise. */
  visit(fields?: Partial<Visit>): Visit;
}

function doorsTest(name: string, act: (setting: Setting) => Promise<void>): void {
  Deno.test(name, async () => {
    const kv = await Deno.openKv(":memory:");
    const changes = new Changes(kv, systemClock);
    await changes.open();
    const doors = new Doors(changes, Date.now, (error) => {
      throw error;
    });
    const closed: number[] = [];
    await act({
      doors,
      closed,
      change: async (change) => {
        await changes.add(kv.atomic(), change).commit();
        await changes.look();
      },
      visit: (fields = {}) => ({
        room: "lobby",
        refusal: () => undefined,
        owner: "ada",
        user: ADA,
        endsAt: Infinity,
        renew: () => Promise.resolve(undefined),
        close: (code) => {
          closed.push(code);
          return Promise.resolve();
        },
        ...fields,
      }),
    });
    doors.close();
    kv.close();
  });
}

doorsTest(
  "Doors closes a visit whose session ends, and no one else's",
  async ({ doors, closed, change, visit }) => {
    doors.enter(visit(), doors.changes);
    doors.enter(visit({ owner: "bo", user: { ...ADA, id: "bo" } }), doors.changes);
    await change({ type: "account", id: "ada" });
    assertEquals(closed, [4001]);
  },
);

doorsTest("Doors looks again at who was looked up before a change and comes in after it", async (setting) => {
  const { doors, closed, change, visit } = setting;
  const since = doors.changes;
  await change({ type: "account", id: "ada" });
  doors.enter(visit(), since);
  await change({ type: "rules", room: "elsewhere" });
  assertEquals(closed, [4001]);
});

doorsTest(
  "Doors closes the visit of a guest whose name becomes an account's, in any case",
  async (setting) => {
    const { doors, closed, change, visit } = setting;
    doors.enter(visit({ owner: "guest:ADA", user: guest("ADA") }), doors.changes);
    doors.enter(visit({ owner: "guest:bo", user: guest("bo") }), doors.changes);
    await change({ type: "names", names: ["ada", "ada lovelace"] });
    assertEquals(closed, [4003]);
  },
);

doorsTest("Doors closes a visit when its renewed user may not enter any more", async (setting) => {
  const { doors, closed, change, visit } = setting;
  const admin: User = { ...ADA, role: "admin" };
  const renew = () => Promise.resolve({ user: ADA, endsAt: Infinity });
  const refusal = () => entered.user.role === "admin" ? undefined : { code: 4003, reason: "Admins only" };
  const entered = visit({ user: admin, refusal, renew });
  doors.enter(entered, doors.changes);
  await change({ type: "rules", room: "lobby" });
  assertEquals(closed, []);
  await change({ type: "account", id: "ada" });
  assertEquals(closed, [4003]);
});

doorsTest(
  "Doors looks at everybody again when changes may have been missed",
  async ({ doors, closed, change, visit }) => {
    doors.enter(visit(), doors.changes);
    doors.enter(visit({ owner: "bo" }), doors.changes);
    await change({ type: "unknown" });
    assertEquals(closed, [4001, 4001]);
  },
);

doorsTest("Doors counts a person's visits, whoever else has the same name", ({ doors, visit }) => {
  const [first, second] = [visit({ user: guest("bo", "badge") }), visit({ user: guest("cy", "badge") })];
  doors.enter(first, doors.changes);
  doors.enter(second, doors.changes);
  doors.enter(visit({ user: guest("bo") }), doors.changes);
  assertEquals([doors.count(guest("x", "badge")), doors.count(guest("bo"))], [2, 0]);
  doors.leave(first);
  doors.leave(first);
  assertEquals(doors.count(guest("x", "badge")), 1);
  return Promise.resolve();
});

doorsTest("Doors turns everybody out, with one word for all", async ({ doors, closed, visit }) => {
  doors.enter(visit(), doors.changes);
  doors.enter(visit({ owner: "bo", room: undefined }), doors.changes);
  await doors.turnOut(1012, "restarting");
  assertEquals(closed, [1012, 1012]);
});
