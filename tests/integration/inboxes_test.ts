import { assertEquals } from "@std/assert";
import { accountKey, Accounts } from "../../rooms/access/accounts.ts";
import type { Passwords } from "../../rooms/access/passwords.ts";
import { ChangeFeed } from "../../rooms/kv/change_feed.ts";
import { type Clock, systemClock } from "../../rooms/clock.ts";
import type { Channel } from "../../rooms/cluster/channel.ts";
import { Counters } from "../../rooms/counters.ts";
import { MessageLog } from "../../rooms/messages/message_log.ts";
import { untraced } from "../../rooms/trace.ts";
import { Inboxes } from "../../rooms/notifications/inboxes.ts";
import { MentionOutbox } from "../../rooms/notifications/mention_outbox.ts";
import type { Notification } from "../../rooms/notifications/notification.ts";
import { Subscriptions } from "../../rooms/notifications/subscriptions.ts";
import { type Notifications, openNotifications } from "../../rooms/notifications/open_notifications.ts";
import { PersonIds } from "../../rooms/access/person_ids.ts";
import { PermissionStore } from "../../rooms/access/room_permissions.ts";
import { guest } from "../../rooms/user.ts";
import { Bus } from "../fakes/bus.ts";
import { messageFactoryOf } from "../support/messages.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

interface Setting {
  readonly kv: Deno.Kv;
  readonly inboxes: Inboxes;
  /** Accounts whose inboxes changed, in order. */
  readonly changed: string[];
  /** Moves the clock. */
  pass(ms: number): void;
  /** Brings so many, at one time; answers their ids. */
  bring(count: number): Promise<string[]>;
  unread(): Promise<number>;
}

function inboxTest(name: string, act: (setting: Setting) => Promise<void>): void {
  Deno.test(name, async () => {
    using kv = await Deno.openKv(":memory:");
    let now = Date.now();
    const changed: string[] = [];
    const inboxes = new Inboxes({
      kv,
      now: () => now,
      random: Math.random,
      changed: (account) => changed.push(account),
    });
    await kv.set(accountKey("ada"), {});
    await act({
      kv,
      inboxes,
      changed,
      pass: (ms) => now += ms,
      async bring(count) {
        const notifications = Array.from({ length: count }, () => notification());
        await inboxes.deliver("ada", notifications);
        return notifications.map(({ id }) => id);
      },
      unread: async () => (await inboxes.news("ada")).unread,
    });
  });
}

let ids = 0;

function notification(fields: Partial<Notification> = {}): Notification {
  const id = (ids++).toString().padStart(26, "0");
  return { id, title: "t", message: id, url: "", timestamp: "2026-01-01T00:00:00.000Z", ...fields };
}

const shown = async ({ inboxes }: Setting): Promise<string[]> =>
  (await inboxes.page("ada", { limit: 5_000, isUnread: false })).notifications.map(({ id }) => id);

inboxTest(
  "Inboxes forgets what is older than 90 days, and counts it no more from that moment on",
  async (setting) => {
    const { kv, inboxes, pass, bring, unread } = setting;
    const old = await bring(3);
    await inboxes.markRead("ada", old[1]);
    pass(45 * DAY_MS);
    const young = await bring(2);
    assertEquals(await unread(), 4);
    pass(45 * DAY_MS - 1);
    assertEquals(await unread(), 4);
    pass(1);
    assertEquals([await unread(), await shown(setting)], [2, young.toReversed()]);
    assertEquals(await inboxes.markRead("ada", old[0]), false);
    assertEquals(await unread(), 2);
    pass(45 * DAY_MS);
    assertEquals([await unread(), await shown(setting)], [0, []]);
    const [next] = await bring(1);
    assertEquals([await unread(), await shown(setting)], [1, [next]]);
    assertEquals((await Array.fromAsync(kv.list({ prefix: [] }))).length, 4);
  },
);

inboxTest("Inboxes counts right though KV has taken out by itself what was too old", async (setting) => {
  const { kv, pass, bring, unread } = setting;
  await bring(3);
  pass(60 * DAY_MS);
  const [young] = await bring(1);
  for (const number of [1, 2, 3]) await kv.delete(["notification", "ada", number]);
  pass(40 * DAY_MS);
  assertEquals([await unread(), await shown(setting)], [1, [young]]);
});

inboxTest("Inboxes keeps the newest thousand, and counts only those", async (setting) => {
  const { kv, inboxes, bring, unread } = setting;
  const all: string[] = [];
  for (let i = 0; i < 21; i++) all.push(...await bring(50));
  assertEquals([await unread(), await shown(setting)], [1_000, all.slice(50).toReversed()]);
  for (const id of [all[0], all[50], all[51], all[1_049]]) await inboxes.markRead("ada", id);
  assertEquals(await unread(), 997);
  await bring(10);
  // Of the ten that had to go two were read.
  assertEquals(await unread(), 999);
  assertEquals((await Array.fromAsync(kv.list({ prefix: ["notification_id"] }))).length, 1_000);
});

inboxTest(
  "Inboxes takes an id once, however often and by how many it is brought",
  async ({ inboxes, unread }) => {
    const all = Array.from({ length: 25 }, () => notification());
    await Promise.all(Array.from({ length: 8 }, () => inboxes.deliver("ada", all)));
    assertEquals(await unread(), 25);
    await inboxes.withdraw("ada", all[3].id);
    await inboxes.deliver("ada", all.slice(0, 5));
    assertEquals(await unread(), 24);
  },
);

inboxTest(
  "Inboxes brings nothing once what it depends on is gone, nor to accounts that there aren't",
  async (setting) => {
    const { kv, inboxes, unread, changed } = setting;
    const job = ["mention", "1"];
    assertEquals(await inboxes.deliver("ada", [notification()], { dependsOn: job, by: "account" }), false);
    await kv.set(job, 1);
    assertEquals(await inboxes.deliver("ada", [notification()], { dependsOn: job, by: "account" }), true);
    assertEquals(await inboxes.deliver("bo", [notification()]), false);
    assertEquals([await unread(), changed], [1, ["ada"]]);
    assertEquals(await inboxes.markRead("bo", notification().id), false);
    await inboxes.markAllRead("bo");
    assertEquals(await Array.fromAsync(inboxes.accounts()), ["ada"]);
  },
);

inboxTest(
  "Inboxes erases what belonged to an account that is gone, though it was cut short before",
  async (setting) => {
    const { kv, inboxes, bring } = setting;
    for (let i = 0; i < 10; i++) await bring(50);
    await kv.delete(accountKey("ada"));
    // As if the process had been killed in the middle.
    for (let number = 1; number < 100; number++) await kv.delete(["notification", "ada", number]);
    for await (const account of inboxes.accounts()) await inboxes.tidy(account);
    assertEquals(await Array.fromAsync(kv.list({ prefix: [] })), []);
  },
);

inboxTest(
  "Subscriptions tells each watcher what came since it is there, once and in order, whoever else watches",
  async (setting) => {
    const { inboxes, bring } = setting;
    const subscriptions = new Subscriptions(inboxes, (error) => {
      throw error;
    });
    const told: string[][] = [[], []];
    const watcher = (into: string[]) => ({
      arrived: ({ id }: Notification) => void into.push(id),
      unread: (count: number) => void into.push(`${count}`),
    });
    await bring(2);
    const end = await subscriptions.add("ada", watcher(told[0]));
    const [first] = await bring(1);
    // What was committed before somebody came isn't news to them, though it is read at the same time.
    subscriptions.changed("ada");
    await subscriptions.add("ada", watcher(told[1]));
    const more = await bring(2);
    // A word may come twice, or of nothing.
    for (let i = 0; i < 3; i++) subscriptions.changed("ada");
    await subscriptions.poll();
    assertEquals(told, [["2", first, "3", ...more, "5"], ["3", ...more, "5"]]);
    end();
    await inboxes.markAllRead("ada");
    await subscriptions.poll();
    assertEquals(told.map((all) => all.at(-1)), ["5", "0"]);
    await subscriptions.close();
  },
);

Deno.test("Inboxes doesn't bring what is taken back, or whose account is removed, while it is being brought", async () => {
  for (const gone of [accountKey("ada"), ["mention", "1"]]) {
    using kv = await Deno.openKv(":memory:");
    await kv.set(accountKey("ada"), {});
    await kv.set(["mention", "1"], 1);
    const racing = new Proxy(kv, {
      get(kv, name) {
        const value = Reflect.get(kv, name, kv);
        if (name !== "getMany") return typeof value === "function" ? value.bind(kv) : value;
        return async (keys: Deno.KvKey[]) => {
          const entries = await kv.getMany(keys);
          await kv.delete(gone);
          return entries;
        };
      },
    });
    const inboxes = new Inboxes({ kv: racing, now: Date.now, random: Math.random, changed() {} });
    assertEquals(
      await inboxes.deliver("ada", [notification()], {
        dependsOn: ["mention", "1"],
        by: "guest",
      }),
      false,
    );
    assertEquals((await inboxes.news("ada")).last, 0);
  }
});

/** Notifications of one isolate, without rooms and routes; `wake` lets as much time pass as it waits for. */
async function isolate(kv: Deno.Kv, channel: Channel | undefined): Promise<Isolate> {
  const changes = new ChangeFeed(kv, systemClock);
  const passwords = { hash: () => Promise.resolve("") } as unknown as Passwords;
  const accounts = new Accounts({ kv, changes, passwords, now: Date.now });
  let waking: (() => void)[] = [];
  let now = Date.now();
  const clock: Clock = {
    ...systemClock,
    now: () => now,
    wait: (_, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        waking.push(resolve);
        signal.addEventListener("abort", () => resolve());
      }),
  };
  const failed = (what: string, error: unknown): void => {
    throw new Error(what, { cause: error });
  };
  const common = { kv, channel: undefined, counters: new Counters(), trace: untraced, failed };
  const messageLog = await MessageLog.open({ ...common, clock: systemClock, isRemote: false, hooks: [] });
  const notifications = openNotifications({
    kv,
    messageLog,
    pushOutbox: { addRooms() {} },
    clock,
    random: Math.random,
    mentions: new MentionOutbox(kv),
    channel,
    retentionDays: 30,
    access: {
      accounts,
      roomPermissions: new PermissionStore(kv, changes),
      changes,
      personIds: await PersonIds.open(kv),
    },
    failed,
  });
  await channel?.listen(notifications);
  return {
    ...notifications,
    accounts,
    pass: (ms) => now += ms,
    wake() {
      const waiting = waking;
      waking = [];
      for (const resolve of waiting) resolve();
    },
  };
}

interface Isolate extends Notifications {
  readonly accounts: Accounts;
  pass(ms: number): void;
  wake(): void;
}

for (
  const way of ["a post", "its own look, when the post is lost", "a look after posts may have been lost"]
) {
  Deno.test(`Notifications hears what came elsewhere by ${way}`, async () => {
    using kv = await Deno.openKv(":memory:");
    const bus = new Bus();
    const isPosted = way === "a post";
    const here = await isolate(kv, isPosted ? bus.channel() : undefined);
    const there = await isolate(kv, isPosted ? bus.channel() : undefined);
    const { id } = await here.accounts.create({ username: "ada", password: "1234567890", role: "user" });
    const told = Promise.withResolvers<string>();
    await there.subscriptions.add(id, { arrived: ({ title }) => told.resolve(title), unread() {} });
    await here.inboxes.deliver(id, [notification({ title: "hello" })]);
    const waking = way.startsWith("its own") ? setInterval(() => there.wake(), 1) : undefined;
    if (way.startsWith("a look")) there.resync();
    assertEquals(await soon(told.promise).finally(() => clearInterval(waking)), "hello");
    await Promise.all([here.close(), there.close()]);
  });
}

Deno.test("Notifications tells what another process left untold, once it stood for two looks", async () => {
  using kv = await Deno.openKv(":memory:");
  const there = await isolate(kv, undefined);
  const { id } = await there.accounts.create({ username: "ada", password: "1234567890", role: "user" });
  const told = Promise.withResolvers<string>();
  await there.subscriptions.add(id, { arrived: ({ message }) => told.resolve(message), unread() {} });
  const outbox = new MentionOutbox(kv);
  const messageFactory = messageFactoryOf();
  const commit = kv.atomic();
  outbox.add(commit, [{ draft: messageFactory.draft("team", guest("cy"), "@ada hi"), senders: [] }]);
  await commit.commit();
  const waking = setInterval(() => there.wake(), 1);
  assertEquals(await soon(told.promise).finally(() => clearInterval(waking)), "@ada hi");
  await there.close();
  assertEquals(await Array.fromAsync(outbox.jobs()), []);
});

Deno.test("Notifications tells of messages no longer than these are kept, and of everything else for 90 days", async () => {
  using kv = await Deno.openKv(":memory:");
  const here = await isolate(kv, undefined);
  const { id } = await here.accounts.create({ username: "ada", password: "1234567890", role: "user" });
  await here.inboxes.deliver(id, [notification({ from: "bo" }), notification({ title: "order" })]);
  here.pass(29 * DAY_MS);
  await here.inboxes.deliver(id, [notification({ from: "bo", title: "young" })]);
  here.pass(2 * DAY_MS);
  const left = Promise.withResolvers<number>();
  await here.subscriptions.add(id, { arrived() {}, unread: (count) => count === 2 && left.resolve(count) });
  const waking = setInterval(() => here.wake(), 1);
  await soon(left.promise).finally(() => clearInterval(waking));
  const { notifications } = await here.inboxes.page(id, { limit: 9, isUnread: false });
  assertEquals(notifications.map(({ title }) => title), ["young", "order"]);
  await here.close();
});

/** A test fails whose promise doesn't resolve, instead of waiting for ever. */
async function soon<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("It never came")), 30_000);
  return await Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}
