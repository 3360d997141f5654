import { assert, assertEquals } from "@std/assert";
import { Accounts } from "../../rooms/access/accounts.ts";
import type { Passwords } from "../../rooms/access/passwords.ts";
import { ChangeFeed } from "../../rooms/kv/change_feed.ts";
import { systemClock } from "../../rooms/clock.ts";
import { mentionedIn } from "../../rooms/notifications/mention.ts";
import { MentionOutbox } from "../../rooms/notifications/mention_outbox.ts";
import { guest } from "../../rooms/user.ts";
import { backend, member, PASSWORD } from "../support/cast.ts";
import { Client } from "../support/client.ts";
import { counted, inboxOf, openInbox } from "../support/inbox.ts";
import { startProcess } from "../support/process.ts";
import { startService, temporaryDirectory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";
import { messageFactoryOf } from "../support/messages.ts";

Deno.test("A mention tells the account that is named, with a link to the message, and not its author", async () => {
  await using service = await startService();
  const ada = await member(service.url, "小安");
  const bo = await member(service.url, "bo");
  await using hers = await openInbox(service.url, ada);
  await using his = await openInbox(service.url, bo);
  await using room = await bo.enter("聊天室");
  // Named twice in one message, told once; and the author isn't told at all.
  const { id } = await room.say("＠小安你好, @bo here. @小安 ?");
  await counted(hers, 1);
  const { timestamp } = await room.next("chat_message").catch(() => room.all("chat_message")[0]);
  assertEquals(hers.all("notification"), [{
    type: "notification",
    id,
    title: "bo @ 聊天室",
    message: "＠小安你好, @bo here. @小安 ?",
    url: `/chat/${encodeURIComponent("聊天室")}/?message=${id}`,
    timestamp,
  }]);
  // The same once more is the same message.
  await room.say("@小安 again", "c1");
  await room.say("@小安 again", "c1");
  // A guest may be called whatever no account is; the backend may be called like anybody.
  await using guest = await Client.enter(service.url, "聊天室", "?username=cy");
  await guest.say("@BO from a guest");
  await backend(service.url).ask("POST", "/api/rooms/聊天室/messages", { message: "@bo hi", username: "bo" });
  await counted(his, 2);
  assertEquals(his.all("notification").map(({ title }) => title), ["cy @ 聊天室", "bo @ 聊天室"]);
  await counted(hers, 2);
  assertEquals(await inboxOf(ada), ["@小安 again", "＠小安你好, @bo here. @小安 ?"]);
});

Deno.test("Accounts.longestName() finds the longest name that fits, whatever names lie beside it", async () => {
  const kv = await Deno.openKv(":memory:");
  const hash = (): Promise<string> => Promise.resolve("");
  const passwords = { hash, matches: () => Promise.resolve(false) } as unknown as Passwords;
  const accounts = new Accounts({ kv, changes: new ChangeFeed(kv, systemClock), passwords, now: Date.now });
  const names = ["小", "小安", "小安妮", "ad", "ada", "ada lovelace", "adb", "😀", "😀😀", "Dr. Who", "ﷺ"];
  for (const username of names) await accounts.create({ username, password: PASSWORD, role: "user" });
  const zoe = { username: "zoë", password: PASSWORD, displayName: "Zoë of the Hill", role: "user" } as const;
  await accounts.create(zoe);
  for (
    const [text, ...wanted] of [
      ["@小安妮來了", "小安妮"],
      ["@小安安", "小安"],
      ["@小明", "小"],
      ["@ADA LOVELACE!", "ada lovelace"],
      ["@ada love", "ada"],
      ["@adam @adz @a @zo @zz @中文 @\ud83d"],
      ["@zoë of the hill and @ZOË", "zoë"],
      ["@dr. who", "Dr. Who"],
      ["@😀😀😀 @😀!", "😀😀", "😀"],
      ["@ﷺ", "ﷺ"],
      [`@${"ﷺ".repeat(64)}`],
    ]
  ) {
    const found = await mentionedIn(text, (rest, mayEnd) => accounts.longestName(rest, mayEnd));
    assertEquals(found.map(({ username }) => username), wanted, text);
  }
  kv.close();
});

Deno.test("A mention in a private room tells only those who may enter it", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const bo = await member(service.url, "bo");
  const cy = await member(service.url, "cy");
  await using room = await ada.enter("team");
  const rules = { private: true, members: ["bo"], title: "Our team" };
  assertEquals((await ada.ask("PATCH", "/api/rooms/team", rules)).status, 200);
  await using his = await openInbox(service.url, bo);
  // That he was added is the first that he is told.
  await counted(his, 1);
  await room.say("@cy and @bo");
  await counted(his, 2);
  assertEquals(his.all("notification")[0].title, "ada @ Our team");
  await backend(service.url).ask("POST", "/api/notifications", { user: "cy", title: "t", message: "else" });
  assertEquals(await inboxOf(cy), ["else"]);
});

Deno.test("A mention is taken back with its message, and with its author's words", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const bo = await member(service.url, "bo");
  await using room = await bo.enter("team");
  await using client = await openInbox(service.url, ada);
  const { id } = await room.say("@ada a secret");
  await room.say("@ada something else");
  await counted(client, 2);
  assertEquals((await bo.ask("DELETE", `/api/rooms/team/messages/${id}`)).status, 200);
  await counted(client, 1);
  assertEquals(await inboxOf(ada), ["@ada something else"]);
  await backend(service.url).ask("DELETE", "/api/people/bo/messages");
  await counted(client, 0);
  assertEquals(await inboxOf(ada), []);
});

Deno.test("A removed account's inbox is erased, and nothing comes to it any more", async () => {
  await using directory = await temporaryDirectory();
  {
    await using service = await startService({}, directory.path);
    await member(service.url, "ada");
    await using room = await Client.enter(service.url, "lobby", "?username=cy");
    for (let i = 0; i < 5; i++) await room.say(`@ada ${i}`);
    const ada = await Visitor.signedIn(service.url, "ada", PASSWORD);
    await using client = await openInbox(service.url, ada);
    await counted(client, 5);
    await backend(service.url).ask("DELETE", "/api/users/ada");
    assertEquals((await client.closed).code, 4001);
    await room.say("@ada gone");
    const again = await member(service.url, "ada");
    await using fresh = await openInbox(service.url, again);
    await room.say("@ada is another one");
    await counted(fresh, 1);
    assertEquals(await inboxOf(again), ["@ada is another one"]);
  }
  using kv = await Deno.openKv(`${directory.path}/talksheet.db`);
  const left = await Array.fromAsync(kv.list({ prefix: [] }), ({ key }) => String(key[0]));
  const count = (kind: string): number => left.filter((key) => key === kind).length;
  assertEquals([count("inbox"), count("notification"), count("notification_id"), count("mention")], [
    1,
    1,
    1,
    0,
  ]);
});

Deno.test("A mention that nobody was told of before the service was killed is told at the next start, and one taken back isn't", async () => {
  await using directory = await temporaryDirectory();
  const ada = await (async () => {
    await using service = await startService({}, directory.path);
    return await member(service.url, "ada");
  })();
  {
    using kv = await Deno.openKv(`${directory.path}/talksheet.db`);
    const outbox = new MentionOutbox(kv);
    const messageFactory = messageFactoryOf();
    const drafts = ["@ada one", "nobody", "@ada two", "@ada @nobody three"].map((text) =>
      messageFactory.draft("team", guest("cy"), text)
    );
    const commit = kv.atomic();
    outbox.add(commit, drafts.map((draft) => ({ draft, senders: [] })));
    await commit.commit();
    const deleting = kv.atomic();
    outbox.withdraw(deleting, { id: drafts[2].id });
    await deleting.commit();
  }
  await using service = await startService({}, directory.path);
  const again = new Visitor(service.url);
  again.cookies.set("session", ada.cookies.get("session") ?? "");
  await using client = await openInbox(service.url, again);
  await counted(client, 2);
  assertEquals(await inboxOf(again), ["@ada @nobody three", "@ada one"]);
});

Deno.test("A mention is told exactly once though the service is killed again and again, and though it is sent again", async () => {
  await using directory = await temporaryDirectory();
  const env = {
    KV_PATH: `${directory.path}/t.db`,
    LOG_CSV_PATH: `${directory.path}/log.csv`,
    SERVICE_TOKEN: "a-token-for-tests-only",
  };
  const sessions: string[] = [];
  const visitor = (url: string, session: string): Visitor => {
    const visitor = new Visitor(url);
    visitor.cookies.set("session", session);
    return visitor;
  };
  const acknowledged = new Set<string>();
  const unsure: string[] = [];
  for (let round = 0; round < 3; round++) {
    await using service = await startProcess(env);
    if (!round) {
      for (const name of ["ada", "bo"]) {
        sessions.push((await member(service.url, name)).cookies.get("session") ?? "");
      }
    }
    const room = await visitor(service.url, sessions[1]).enter("lobby");
    const say = (n: string): void => room.send({ type: "chat_message", message: `@ada ${n}`, client_id: n });
    unsure.forEach(say);
    for (let i = 0; i < 90; i++) {
      unsure.push(`${round}.${i}`);
      say(`${round}.${i}`);
    }
    const wanted = 25 + 15 * round;
    await room.until(() => room.all("ack").length >= wanted);
    await service.kill();
    await room.closed;
    for (const { client_id: n, id } of room.all("ack")) {
      acknowledged.add(id);
      if (unsure.includes(n)) unsure.splice(unsure.indexOf(n), 1);
    }
  }
  await using service = await startProcess(env);
  await using room = await visitor(service.url, sessions[1]).enter("lobby");
  for (const n of unsure) acknowledged.add((await room.say(`@ada ${n}`, n)).id);
  const ada = visitor(service.url, sessions[0]);
  await using client = await openInbox(service.url, ada);
  const last = await room.say("@ada the end");
  await client.until(() => client.all("notification").some(({ id }) => id === last.id));
  // All were told, whatever was cut short.
  await using second = await openInbox(service.url, ada);
  await counted(second, 271);
  const ids: string[] = [];
  for (let more = true; more;) {
    const before = ids.length ? `&before=${ids.at(-1)}` : "";
    const { body } = await ada.ask("GET", `/api/notifications?limit=100${before}`);
    ids.push(...body.notifications.map(({ id }: { id: string }) => id));
    ({ more } = body);
  }
  assertEquals([ids.length, new Set(ids).size], [271, 271]);
  assertEquals(acknowledged.size, 270);
  assert(ids.every((id) => acknowledged.has(id) || id === last.id));
  assertEquals(ids[0], last.id);
});

Deno.test("Mentions push out nothing else that came, however many guests make, and an account is still told of members'", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const bo = await member(service.url, "bo");
  const order = { user: "ada", title: "Order", message: "paid" };
  assertEquals((await backend(service.url).ask("POST", "/api/notifications", order)).status, 201);
  await using guests = await crowd(service.url, "lobby", 12);
  for (const guest of guests.all) {
    for (let i = 0; i < 100; i++) {
      guest.send({ type: "chat_message", message: `@ada ${i}`, client_id: `${i}` });
    }
  }
  await Promise.all(guests.all.map((guest) => guest.until(() => guest.all("ack").length === 100)));
  await using room = await bo.enter("lobby");
  await using hers = await openInbox(service.url, ada);
  await room.say("@ada from bo");
  // The order, 30 of the room's guests, and bo.
  await counted(hers, 32);
  const { body } = await ada.ask("GET", "/api/notifications?limit=100");
  const titles: string[] = body.notifications.map(({ title }: { title: string }) => title);
  assertEquals([titles[0], titles.at(-1)], ["bo @ lobby", "Order"]);
  const byGuest = Map.groupBy(titles.slice(1, -1), (title) => title);
  assertEquals(Math.max(...Array.from(byGuest.values(), ({ length }) => length)), 5);
  // Guests of another room have a limit of their own.
  await using other = await Client.enter(service.url, "other", "?username=di");
  await other.say("@ada help");
  await counted(hers, 33);
});

/** Guests in a room, each under a name of its own. */
async function crowd(
  origin: string,
  room: string,
  count: number,
): Promise<{ all: readonly Client[] } & AsyncDisposable> {
  const all = await Promise.all(
    Array.from({ length: count }, (_, i) => Client.enter(origin, room, `?username=guest${i}&batch=1`)),
  );
  return { all, [Symbol.asyncDispose]: async () => void await Promise.all(all.map((one) => one.close())) };
}
