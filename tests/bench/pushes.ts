/** What pushes cost those who talk: with 100,000 subscriptions, of which one room pushes to thousands; and how soon devices agree. */
import { createHash } from "node:crypto";
import { accountKey } from "../../rooms/access/accounts.ts";
import { SESSIONS } from "../../rooms/access/credentials.ts";
import { FakePushService } from "../fakes/push_service.ts";
import { member } from "../support/cast.ts";
import { Client } from "../support/client.ts";
import { openInbox } from "../support/inbox.ts";
import { type ServiceProcess, startProcess } from "../support/process.ts";
import { temporaryDirectory, TOKEN } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";
import { type Figure, quantile, residentMiB, table } from "./figures.ts";
import { talk } from "./files.ts";

const SUBSCRIPTIONS = 100_000;
/** Accounts that are told of each message in one room. */
const TOLD = 2_000;
const PER_ROOM = 200;
const MESSAGES = 500;
const READS = 200;
const DAY_MS = 24 * 60 * 60_000;

/** Somebody talks before pushes are due, while they are sent, and while the push service is down. */
export async function pushes(): Promise<Figure[]> {
  await using service = new CountingService();
  await using directory = await temporaryDirectory();
  const env = {
    KV_PATH: `${directory.path}/t.db`,
    LOG_CSV_PATH: `${directory.path}/c.csv`,
    FILES_PATH: `${directory.path}/files`,
    SERVICE_TOKEN: TOKEN,
    PUSH_SUBJECT: "mailto:ops@example.com",
    PUSH_ORIGINS: service.origin,
    LOG_LEVEL: "info",
  };
  await (await startProcess(env)).kill();
  await subscribe(env.KV_PATH, service.origin);
  await using process = await startProcess(env);
  const { url, pid } = process;
  const memory = residentMiB(pid);
  const alone = await talk(url, (sent) => sent >= MESSAGES);
  const say = (message: string): Promise<unknown> =>
    new Visitor(url, { authorization: `Bearer ${TOKEN}` }).ask("POST", "/api/rooms/desk/messages", {
      message,
    });
  await say("hello");
  await service.until(1);
  const began = performance.now();
  const beside = await talk(url, () => service.count >= TOLD);
  const seconds = (performance.now() - began) / 1_000;
  service.status = 503;
  await say("nobody is there");
  await service.until(TOLD + 20);
  const waiting = await talk(url, (sent) => sent >= MESSAGES);
  const bench = "pushes";
  const p99 = (times: readonly number[]): number[] => [quantile(times, 0.99)];
  const p50 = (times: readonly number[]): number[] => [quantile(times, 0.5)];
  return [
    { bench, name: `memory with ${SUBSCRIPTIONS} subscriptions`, unit: "MiB", values: [memory] },
    { bench, name: "a message, p50, before", unit: "ms", values: p50(alone) },
    { bench, name: "a message, p99, before", unit: "ms", values: p99(alone) },
    { bench, name: `a message, p50, while ${TOLD} are sent`, unit: "ms", values: p50(beside) },
    { bench, name: `a message, p99, while ${TOLD} are sent`, unit: "ms", values: p99(beside) },
    {
      bench,
      name: "a message, p50, while these wait for a push service that is down",
      unit: "ms",
      values: p50(waiting),
    },
    {
      bench,
      name: "a message, p99, while these wait for a push service that is down",
      unit: "ms",
      values: p99(waiting),
    },
    { bench, name: "pushes", unit: "/s", values: [TOLD / seconds] },
    ...await devices(process),
  ];
}

/** How long it takes until what was read on one device is told on another one. */
async function devices({ url }: ServiceProcess): Promise<Figure[]> {
  const ada = await member(url, "ada");
  await using room = await ada.enter("two", "?events=1");
  await using phone = await openInbox(url, ada);
  await using guest = await Client.enter(url, "two", "?username=cy");
  const times: number[] = [];
  for (let i = 0; i < READS; i++) {
    const { id } = await guest.say(`m${i}`);
    await phone.next("room_unread", ({ unread }) => unread === 1);
    const began = performance.now();
    room.send({ type: "read", id });
    await phone.next("room_unread", ({ unread }) => unread === 0);
    times.push(performance.now() - began);
  }
  const bench = "two devices";
  return [
    { bench, name: "read on one, told on the other: p50", unit: "ms", values: [quantile(times, 0.5)] },
    { bench, name: "p99", unit: "ms", values: [quantile(times, 0.99)] },
  ];
}

/** Writes accounts that are in a room and have subscribed there, many in one commit: one by one they would take minutes. */
async function subscribe(kvPath: string, origin: string): Promise<void> {
  using kv = await Deno.openKv(kvPath);
  await using keys = new FakePushService();
  const now = Date.now();
  let commit = kv.atomic();
  for (let i = 0; i < SUBSCRIPTIONS; i++) {
    const account = `01J0000000000000000${String(i).padStart(7, "0")}`;
    const endpoint = `${origin}/${i}`;
    const id = createHash("sha256").update(endpoint).digest("base64url");
    const room = i < TOLD ? "desk" : `room${Math.floor(i / PER_ROOM)}`;
    const session = { id: "s", owner: account, name: "", role: "own", createdAt: now, usedAt: now };
    commit
      .set(accountKey(account), { id: account, username: `u${i}`, displayName: `u${i}`, role: "user" })
      .set([SESSIONS.key, account, "s"], { ...session, endsAt: now + DAY_MS })
      .set(["push", account, id], { endpoint, keys: keys.subscribe("all").keys, session: "s", at: now })
      .set(["push_owner", id], account)
      .set(["push_room", room, account], true)
      .set(["room_mark", account, room, ""], { id: "", at: now })
      .set(["watch", account, room], "all");
    if (i % 100 < 99) continue;
    await commit.set(["push_used"], true).commit();
    commit = kv.atomic();
  }
}

/** A push service that counts what comes. */
class CountingService implements AsyncDisposable {
  count = 0;
  status = 201;
  readonly #server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    await request.arrayBuffer();
    this.count++;
    return new Response(null, { status: this.status });
  });

  get origin(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async until(count: number): Promise<void> {
    while (this.count < count) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

// deno-lint-ignore no-console -- a command speaks on stdout
if (import.meta.main) console.log(table(await pushes()));
