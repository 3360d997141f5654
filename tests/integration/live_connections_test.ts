import { assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { type Change, ChangeFeed } from "../../rooms/kv/change_feed.ts";
import { systemClock } from "../../rooms/clock.ts";
import { type LiveConnection, LiveConnections } from "../../rooms/access/live_connections.ts";
import { guest, type User } from "../../rooms/user.ts";

const ADA: User = { id: "ada", name: "ada", isGuest: false, role: "user" };

interface Setting {
  readonly liveConnections: LiveConnections;
  readonly closed: number[];
  /** Makes a change and waits until it is heeded. */
  change(change: Change): Promise<void>;
  /** A visit, of somebody who is signed out by now unless said otherwise. */
  visit(fields?: Partial<LiveConnection>): LiveConnection;
}

function doorsTest(name: string, act: (setting: Setting) => Promise<void>): void {
  Deno.test(name, async () => {
    const kv = await Deno.openKv(":memory:");
    const changes = new ChangeFeed(kv, systemClock);
    await changes.open();
    const liveConnections = new LiveConnections(changes, Date.now, (error) => {
      throw error;
    });
    const closed: number[] = [];
    await act({
      liveConnections,
      closed,
      change: async (change) => {
        await changes.add(kv.atomic(), change).commit();
        await changes.poll();
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
    liveConnections.close();
    kv.close();
  });
}

doorsTest(
  "LiveConnections closes a visit whose session ends, and no one else's",
  async ({ liveConnections, closed, change, visit }) => {
    liveConnections.enter(visit(), liveConnections.changes);
    liveConnections.enter(visit({ owner: "bo", user: { ...ADA, id: "bo" } }), liveConnections.changes);
    await change({ type: "account", id: "ada" });
    assertEquals(closed, [4001]);
  },
);

doorsTest(
  "LiveConnections looks again at who was looked up before a change and comes in after it",
  async (setting) => {
    const { liveConnections, closed, change, visit } = setting;
    const since = liveConnections.changes;
    await change({ type: "account", id: "ada" });
    liveConnections.enter(visit(), since);
    await change({ type: "rules", room: "elsewhere" });
    assertEquals(closed, [4001]);
  },
);

doorsTest(
  "LiveConnections closes the visit of a guest whose name becomes an account's, in any case",
  async (setting) => {
    const { liveConnections, closed, change, visit } = setting;
    liveConnections.enter(visit({ owner: "guest:ADA", user: guest("ADA") }), liveConnections.changes);
    liveConnections.enter(visit({ owner: "guest:bo", user: guest("bo") }), liveConnections.changes);
    await change({ type: "names", names: ["ada", "ada lovelace"] });
    assertEquals(closed, [4003]);
  },
);

doorsTest("LiveConnections closes a visit when its renewed user may not enter any more", async (setting) => {
  const { liveConnections, closed, change, visit } = setting;
  const admin: User = { ...ADA, role: "admin" };
  const renew = () => Promise.resolve({ user: ADA, endsAt: Infinity });
  const refusal = () => entered.user.role === "admin" ? undefined : { code: 4003, reason: "Admins only" };
  const entered = visit({ user: admin, refusal, renew });
  liveConnections.enter(entered, liveConnections.changes);
  await change({ type: "rules", room: "lobby" });
  assertEquals(closed, []);
  await change({ type: "account", id: "ada" });
  assertEquals(closed, [4003]);
});

doorsTest(
  "LiveConnections looks at everybody again when changes may have been missed",
  async ({ liveConnections, closed, change, visit }) => {
    liveConnections.enter(visit(), liveConnections.changes);
    liveConnections.enter(visit({ owner: "bo" }), liveConnections.changes);
    await change({ type: "unknown" });
    assertEquals(closed, [4001, 4001]);
  },
);

doorsTest(
  "LiveConnections counts a person's visits, whoever else has the same name",
  ({ liveConnections, visit }) => {
    const [first, second] = [visit({ user: guest("bo", "badge") }), visit({ user: guest("cy", "badge") })];
    liveConnections.enter(first, liveConnections.changes);
    liveConnections.enter(second, liveConnections.changes);
    liveConnections.enter(visit({ user: guest("bo") }), liveConnections.changes);
    assertEquals([liveConnections.count(guest("x", "badge")), liveConnections.count(guest("bo"))], [2, 0]);
    liveConnections.leave(first);
    liveConnections.leave(first);
    assertEquals(liveConnections.count(guest("x", "badge")), 1);
    return Promise.resolve();
  },
);

Deno.test("LiveConnections closes a connection within five seconds of the end of its right, which nothing tells of", async () => {
  using time = new FakeTime();
  using kv = await Deno.openKv(":memory:");
  const liveConnections = new LiveConnections(new ChangeFeed(kv, systemClock), Date.now, (error) => {
    throw error;
  });
  const closed: number[] = [];
  const connection: LiveConnection = {
    room: "lobby",
    refusal: () => undefined,
    owner: "ada",
    user: ADA,
    endsAt: time.now + 60_000,
    renew: () => Promise.resolve(undefined),
    close(code) {
      closed.push(code);
      return Promise.resolve(liveConnections.leave(connection));
    },
  };
  liveConnections.enter(connection, 0);
  await time.tickAsync(59_000);
  assertEquals(closed, []);
  await time.tickAsync(1_000 + 5_000);
  assertEquals(closed, [4001]);
  liveConnections.close();
});

doorsTest(
  "LiveConnections turns everybody out, with one word for all",
  async ({ liveConnections, closed, visit }) => {
    liveConnections.enter(visit(), liveConnections.changes);
    liveConnections.enter(visit({ owner: "bo", room: undefined }), liveConnections.changes);
    await liveConnections.disconnectAll(1012, "restarting");
    assertEquals(closed, [1012, 1012]);
  },
);
