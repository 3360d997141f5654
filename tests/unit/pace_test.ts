import { assert, assertEquals } from "@std/assert";
import { GOOGLE_PACE, Pace } from "../../sheets/delivery/pace.ts";
import { SwiftClock } from "../fakes/clock.ts";
import { seeded } from "../support/random.ts";

const never = new AbortController().signal;

/** Begins appends as the pace allows, `isRush` telling for each, and answers when. */
async function begin(pace: Pace, clock: SwiftClock, rushes: boolean[]): Promise<number[]> {
  const times: number[] = [];
  for (const isRush of rushes) {
    for (let wait = pace.waitMs(isRush); wait > 0; wait = pace.waitMs(isRush)) await clock.wait(wait, never);
    pace.begin();
    times.push(clock.elapsed());
  }
  return times;
}

Deno.test("Pace lets the first append begin at once, and those that follow a second later", async () => {
  const clock = new SwiftClock();
  const times = await begin(new Pace(GOOGLE_PACE, clock), clock, [false, false, false]);
  assertEquals(times[0], 0);
  assert(times[1] >= 1_000 && times[1] < 1_100, `${times}`);
  assert(times[2] - times[1] >= 1_000 && times[2] - times[1] < 1_100, `${times}`);
});

Deno.test("Pace lets appends follow closely in a rush, and leaves enough of the quota for what comes after", async () => {
  const clock = new SwiftClock();
  const pace = new Pace(GOOGLE_PACE, clock);
  const rush = await begin(pace, clock, Array(38).fill(true));
  assert((rush[37] ?? 0) < 10_000, `38 took ${rush[37]} ms`);
  const after = await begin(pace, clock, Array(20).fill(false));
  const gaps = after.slice(1).map((at, i) => at - after[i]);
  assert(Math.max(...gaps) < 3_000, `gaps of ${gaps}`);
});

Deno.test("Pace never lets more than the quota begin in any minute", async () => {
  const random = seeded(7);
  const clock = new SwiftClock();
  const times = await begin(
    new Pace(GOOGLE_PACE, clock),
    clock,
    Array.from({ length: 1000 }, () => random() < 0.5),
  );
  for (const [i, at] of times.entries()) {
    const within = times.slice(i).filter((other) => other < at + 60_000).length;
    assert(within <= 58, `${within} from ${at} on`);
  }
  assert((times.at(-1) ?? 0) < 1000 * 1_100, "and the quota is used");
});

Deno.test("Pace waits for the minute's end when the quota is used up", () => {
  const pace = new Pace(GOOGLE_PACE, new SwiftClock());
  for (let i = 0; i < GOOGLE_PACE.perMinute; i++) pace.begin();
  assertEquals([pace.waitMs(false), pace.waitMs(true)], [60_000, 60_000]);
});
