/** What becomes of a push by every answer and at every step, by a clock that the test moves. */
import { assert, assertEquals } from "@std/assert";
import { PushOutbox } from "../../rooms/notifications/push/push_outbox.ts";
import { openVapidKeys, PushSender } from "../../rooms/notifications/push/push_sender.ts";
import { PushSubscriptions } from "../../rooms/notifications/push/push_subscriptions.ts";
import { PushWorker } from "../../rooms/notifications/push/push_worker.ts";
import { lineOf, seqOf } from "../../rooms/messages/message.ts";
import { guest } from "../../rooms/user.ts";
import { HandClock } from "../fakes/clock.ts";
import { FakePushService } from "../fakes/push_service.ts";
import { messageFactoryOf } from "../support/messages.ts";

const AFTER_MS = 5_000;
const LEASE_MS = 2_000;
const HOUR_MS = 60 * 60_000;

/** A room, of whose messages Ada is told on the browsers that have subscribed. */
class Desk implements AsyncDisposable {
  readonly clock = new HandClock();
  readonly pushes = new FakePushService();
  readonly kv: Deno.Kv;
  readonly subscriptions: PushSubscriptions;
  readonly #outbox: PushOutbox;
  readonly sender: PushSender;
  readonly #lines: string[] = [];
  readonly #factory = messageFactoryOf();
  readonly #running: { stop: AbortController; ended: Promise<void> }[] = [];

  private constructor(kv: Deno.Kv, sender: (now: () => number) => PushSender) {
    this.kv = kv;
    this.subscriptions = new PushSubscriptions(kv);
    this.#outbox = new PushOutbox(kv, () => this.clock.now());
    this.#outbox.isUsed = true;
    this.sender = sender(() => this.clock.now());
  }

  static async open(...browsers: string[]): Promise<Desk> {
    const kv = await Deno.openKv(":memory:");
    const keys = await openVapidKeys(kv);
    const desk = new Desk(kv, (now) => new PushSender({ keys, subject: "mailto:ops@example.com", now }));
    for (const browser of browsers) await desk.subscribe(browser);
    return desk;
  }

  /** A browser of an account subscribes at a push service. */
  async subscribe(browser: string, account = "ada", pushes = this.pushes): Promise<void> {
    await this.subscriptions.add(account, { ...pushes.subscribe(browser), session: "s", at: 0 }, ["desk"]);
  }

  /** A guest says something; answers the message's id. */
  async say(text: string): Promise<string> {
    const draft = this.#factory.draft("desk", guest("cy"), text);
    const commit = this.kv.atomic();
    this.#outbox.add(commit, [{ draft, senders: [] }]);
    await commit.commit();
    this.#lines.push(lineOf(seqOf(String(this.#lines.length + 1).padStart(20, "0"), 0), draft.body));
    return draft.id;
  }

  /** A process begins to send, on this database or on one that can die. */
  run(kv = this.kv, sender: Pick<PushSender, "send"> = this.sender): AbortController {
    const lines = this.#lines;
    const stop = new AbortController();
    const history = {
      span: () => ({ lines, floor: "" }),
      before: () => Promise.resolve({ lines, more: false }),
      entries: () => ({ recent: [], pins: [] }),
    };
    const worker = new PushWorker({
      kv,
      clock: this.clock,
      now: () => this.clock.now(),
      random: () => 1,
      outbox: new PushOutbox(kv, () => this.clock.now()),
      subscriptions: new PushSubscriptions(kv),
      sender,
      isSignedIn: () => Promise.resolve(true),
      pushAfterMs: AFTER_MS,
      failed() {},
      accounts: {
        byId: (id) => Promise.resolve({ id, username: id, displayName: id, role: "user" } as never),
      },
      roomPermissions: { of: () => Promise.resolve({ title: "" } as never) },
      inboxes: { unreadMentions: () => Promise.resolve(new Map()) },
      watchLevels: { room: () => Promise.resolve({ level: "all", previews: false }) },
      marks: { find: () => Promise.resolve({ room: "desk", seq: "", id: "" }) },
      personIds: { of: () => "ada" },
      counting: { history, archive: { count: () => Promise.resolve(0) } } as never,
    });
    this.#running.push({ stop, ended: worker.run(stop.signal) });
    return stop;
  }

  /** Time passes, while the process that began last does what is due. */
  async pass(ms: number): Promise<void> {
    await this.clock.pass(ms, this.#running[this.#running.length - 1].ended);
  }

  /** The texts that came to a browser. */
  textsOf(browser: string): string[] {
    return this.pushes.received.filter((one) => one.browser === browser).map(({ payload }) => payload.body);
  }

  /** The kinds of keys that are left of pushes. */
  async left(): Promise<string[]> {
    const kinds = ["push_job", "push_send", "push_next"];
    const lists = kinds.map((kind) => Array.fromAsync(this.kv.list({ prefix: [kind] }), () => kind));
    return (await Promise.all(lists)).flat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { stop } of this.#running) stop.abort();
    await Promise.all(this.#running.map(({ ended }) => ended));
    await this.pushes[Symbol.asyncDispose]();
    this.kv.close();
  }
}

Deno.test("PushWorker sends a push 5 s after its message, and by each answer of the push service what is right, once and in time", async () => {
  await using desk = await Desk.open("phone");
  const { clock, pushes } = desk;
  desk.run();
  await desk.say("one");
  await desk.pass(AFTER_MS - 1_000);
  assertEquals(pushes.answers, []);
  await desk.pass(1_000);
  assertEquals([pushes.answers, desk.textsOf("phone")], [[201], ["cy: one"]]);

  // Not before the time that the push service asks for, as seconds and as a date.
  const date = (ms: number): string => new Date(clock.now() + ms).toUTCString();
  for (const [status, waitMs] of [[429, 120_000], [503, 600_000]] as const) {
    const value = status === 429 ? `${waitMs / 1_000}` : date(AFTER_MS + waitMs);
    pushes.next([status], { "retry-after": value });
    await desk.say(`told by ${status}`);
    const answers = pushes.answers.length;
    await desk.pass(AFTER_MS + waitMs - 1_000);
    assertEquals(pushes.answers.slice(answers), [status]);
    await desk.pass(2_000);
    assertEquals(pushes.answers.slice(answers), [status, 201]);
  }
  // Without one, after 1, 2, 4 s at most; what newer messages are about takes the place of what waits.
  pushes.next([500, 500, 500, 500]);
  await desk.say("older");
  await desk.pass(AFTER_MS + 3_000);
  assertEquals(pushes.answers.slice(-3), [500, 500, 500]);
  await desk.say("newer");
  await desk.pass(AFTER_MS + 8_000);
  assertEquals(desk.textsOf("phone").slice(-2), ["cy: told by 503", "cy: newer"]);

  // Too large: once more without the text, and no third time.
  const count = pushes.answers.length;
  pushes.next([413, 413]);
  await desk.say("long");
  await desk.pass(AFTER_MS + 60_000);
  assertEquals(pushes.answers.slice(count), [413, 413]);
  // A redirect isn't followed, and what was refused isn't tried again.
  pushes.next([307, 400], { location: `${pushes.origin}/elsewhere` });
  for (const text of ["moved", "refused"]) {
    await desk.say(text);
    await desk.pass(AFTER_MS + 60_000);
  }
  assertEquals(pushes.answers.slice(count + 2), [307, 400]);
  // What can't be sent for a day is given up.
  pushes.next(Array.from({ length: 100 }, () => 503), { "retry-after": "7200" });
  await desk.say("never");
  await desk.pass(AFTER_MS);
  for (let hours = 0; hours <= 48; hours += 2) {
    clock.skip(2 * HOUR_MS);
    await desk.pass(2_000);
  }
  const tries = pushes.answers.slice(count + 4);
  assertEquals([tries.every((status) => status === 503), tries.length, await desk.left()], [true, 13, []]);
});

Deno.test("PushWorker ends a subscription that the push service has ended, or whose keys are none, and tells the other browsers", async () => {
  await using desk = await Desk.open("phone", "laptop");
  const { pushes, subscriptions } = desk;
  const keys = { p256dh: "B".repeat(87), auth: "a".repeat(22) };
  await subscriptions.add("ada", { endpoint: `${pushes.origin}/bad`, keys, session: "s", at: 0 }, ["desk"]);
  // What can't be encrypted for any other reason is dropped.
  const odd = { ...pushes.subscribe("odd").keys, auth: "" };
  await subscriptions.add("bo", { endpoint: `${pushes.origin}/odd`, keys: odd, session: "s", at: 0 }, [
    "desk",
  ]);
  desk.run();
  for (const [status, left] of [[404, 1], [410, 0]] as const) {
    pushes.next([status]);
    await desk.say(`told by ${status}`);
    await desk.pass(AFTER_MS + 10_000);
    assertEquals([pushes.answers[0], (await subscriptions.of("ada")).length], [404, left]);
  }
  assertEquals(pushes.answers, [404, 201, 410]);
  await desk.subscribe("tablet");
  await desk.say("to the tablet");
  await desk.pass(AFTER_MS);
  assertEquals(desk.textsOf("tablet"), ["cy: to the tablet"]);
  assertEquals(await desk.left(), []);
});

Deno.test("PushWorker leaves a push service alone that fails again and again, keeps nobody else waiting for it, and sends all once it is back", async () => {
  await using broken = new FakePushService();
  await using desk = await Desk.open();
  const accounts = ["ada", "bo", "cy", "di"];
  const browsers = accounts.flatMap((account) => Array.from({ length: 20 }, (_, i) => `${account}${i}`));
  for (const browser of browsers) await desk.subscribe(browser, browser.replace(/\d+/, ""), broken);
  await desk.subscribe("laptop", "ed");
  desk.run();
  broken.next(Array.from({ length: 10_000 }, () => 503));
  await desk.say("one");
  await desk.pass(AFTER_MS);
  assertEquals(desk.textsOf("laptop"), ["cy: one"]);
  const tries = broken.answers.length;
  assert(tries >= 20 && tries < 40, `${tries}`);
  // Eighty pushes, each after 1, 2, 4 s …, would be 480 tries.
  await desk.pass(60_000);
  assert(broken.answers.length < 100, `${broken.answers.length}`);
  await desk.say("two");
  await desk.pass(AFTER_MS);
  assertEquals(desk.textsOf("laptop"), ["cy: one", "cy: two"]);
  broken.recover();
  await desk.pass(10 * 60_000);
  assertEquals(broken.received.map(({ browser }) => browser).sort(), browsers.sort());
  assertEquals(new Set(broken.received.map(({ payload }) => payload.body)), new Set(["cy: two"]));
  assertEquals(await desk.left(), []);
});

Deno.test("PushWorker sends each push once though it dies between any two steps, and only what was taken just before may come again", async () => {
  for (let step = 1, isOver = false; !isOver; step++) {
    await using desk = await Desk.open("phone", "laptop");
    const { pushes } = desk;
    await desk.say("one");
    const death = new Death(step);
    const stop = desk.run(death.of(desk.kv), death.of(desk.sender));
    death.stop = stop;
    await desk.pass(AFTER_MS);
    isOver = !stop.signal.aborted;
    stop.abort();
    desk.run();
    await desk.pass(2 * LEASE_MS + 2_000);
    const id = await desk.say("two");
    await desk.pass(AFTER_MS + 2_000);
    for (const browser of ["phone", "laptop"]) {
      const texts = desk.textsOf(browser);
      assertEquals([...new Set(texts)], ["cy: one", "cy: two"], `step ${step}`);
      assert(
        texts.length === 2 || (texts.length === 3 && death.hasSent && !isOver),
        `step ${step}: ${texts}`,
      );
    }
    assertEquals(pushes.received.at(-1)?.payload.id, id);
    assertEquals([step, await desk.left()], [step, []]);
    if (isOver) assert(step > 15, `only ${step} steps`);
  }
});

/** The end of a process before its nth step: from then on it does nothing any more. */
class Death {
  stop: AbortController | undefined;
  /** Whether a push was on its way, whose answer nobody may have read. */
  hasSent = false;
  #left: number;

  constructor(step: number) {
    this.#left = step;
  }

  /** The same thing in that process. */
  of<Thing extends object>(thing: Thing): Thing {
    return new Proxy(thing, {
      get: (thing, name) => {
        const value = Reflect.get(thing, name, thing);
        if (typeof value !== "function") return value;
        if (name === "list") return (...args: unknown[]) => this.#listing(() => value.apply(thing, args));
        if (name === "atomic") return () => this.of(value.apply(thing));
        if (["check", "set", "delete"].includes(String(name)) && "commit" in thing) {
          return (...args: unknown[]) => this.of(value.apply(thing, args));
        }
        if (name === "commitVersionstamp") return value.bind(thing);
        return async (...args: unknown[]) => {
          this.#take();
          this.hasSent ||= name === "send";
          return await value.apply(thing, args);
        };
      },
    });
  }

  async *#listing(list: () => AsyncIterable<unknown>): AsyncGenerator<unknown> {
    this.#take();
    yield* list();
  }

  #take(): void {
    if (--this.#left > 0) return;
    this.stop?.abort();
    throw new Error("This process was killed");
  }
}
