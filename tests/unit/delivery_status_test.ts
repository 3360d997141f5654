import { assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import type { Clock } from "../../rooms/clock.ts";
import { SharedDeliveryStatus } from "../../sheets/delivery/status.ts";
import { Bus } from "../fakes/bus.ts";

const idle = { status: { state: "idle" }, probe() {} } as const;
const notice = { code: "rows_missing", message: "Rows are missing." } as const;

/** A clock that stands still until it is told. */
class StillClock implements Clock {
  at = 0;
  now = () => this.at;
  elapsed = () => this.at;
  wait = () => Promise.resolve();
}

/** The status at one isolate. */
async function openStatus(bus: Bus, clock: Clock): Promise<SharedDeliveryStatus & Disposable> {
  const channel = bus.channel();
  const status = new SharedDeliveryStatus(idle, channel, clock);
  await channel.listen(status);
  status.open();
  return Object.assign(status, { [Symbol.dispose]: () => status.close() });
}

Deno.test("SharedDeliveryStatus tells every isolate what one noticed, also one that comes later, for an hour", async () => {
  using time = new FakeTime();
  const [bus, clock] = [new Bus(), new StillClock()];
  using one = await openStatus(bus, clock);
  using two = await openStatus(bus, clock);
  assertEquals([one.notice, two.notice], [undefined, undefined]);
  one.note(notice);
  await time.tickAsync(0);
  const told = { ...notice, since: new Date(clock.now()).toISOString() };
  assertEquals([one.notice, two.notice], [told, told]);
  using three = await openStatus(bus, clock);
  await time.tickAsync(3_000);
  assertEquals(three.notice, told);
  clock.at += 61 * 60_000;
  for (let i = 0; i < 5; i++) await time.tickAsync(3_000);
  assertEquals([one.notice, two.notice, three.notice], [undefined, undefined, undefined]);
});

Deno.test("SharedDeliveryStatus forgets what an isolate noticed that is gone", async () => {
  using time = new FakeTime();
  const [bus, clock] = [new Bus(), new StillClock()];
  using two = await openStatus(bus, clock);
  {
    using one = await openStatus(bus, clock);
    one.note(notice);
    await time.tickAsync(0);
  }
  assertEquals(two.notice?.code, "rows_missing");
  for (let i = 0; i < 5; i++) await time.tickAsync(3_000);
  assertEquals(two.notice, undefined);
});
