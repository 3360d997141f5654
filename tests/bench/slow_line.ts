/**
 * How soon a room can be used on a slow phone with a slow line: 150 ms there and back, 1.6 Mbit/s, with nothing of it in the
 * cache. `deno run -A tests/bench/slow_line.ts`
 */
import type { Page } from "playwright-core";
import { connected, Stage } from "../support/browser.ts";

const LATENCY_MS = 150;
const BYTES_PER_SECOND = 1.6e6 / 8;
/** What the phone takes for {@link STEPS}, in milliseconds. A machine that is faster is slowed down to it. */
const STEPS_MS = 500;
const STEPS = 3e7;
const VISITS = 10;

const stage = await Stage.open({});
for (let index = 0; index < 50; index++) await stage.say("lobby", `message ${index}`, "bo");
const times: number[] = [];
for (let visit = 0; visit < VISITS; visit++) {
  const ada = await stage.person({ viewport: { width: 375, height: 667 } });
  await slowDown(ada);
  const started = performance.now();
  await ada.goto(stage.room("lobby", "ada"), { waitUntil: "commit" });
  await connected(ada);
  times.push(performance.now() - started);
  await ada.context().close();
}
times.sort((a, b) => a - b);
// deno-lint-ignore no-console -- people read it
console.log(
  `a room on a slow phone: ${Math.round(times[0])} ms at best, ${Math.round(times[VISITS / 2])} ms (median)`,
);
await stage[Symbol.asyncDispose]();
// Chromium is still there.
Deno.exit();

async function slowDown(page: Page): Promise<void> {
  const tools = await page.context().newCDPSession(page);
  await tools.send("Network.enable");
  await tools.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: LATENCY_MS,
    downloadThroughput: BYTES_PER_SECOND,
    uploadThroughput: BYTES_PER_SECOND,
  });
  await tools.send("Emulation.setCPUThrottlingRate", { rate: Math.max(1, STEPS_MS / await stepsMs(page)) });
}

/** How long this machine takes for the steps, at its best of some times. */
async function stepsMs(page: Page): Promise<number> {
  return await page.evaluate((steps) => {
    const times = Array.from({ length: 3 }, () => {
      const started = performance.now();
      let sum = 0;
      for (let step = 0; step < steps; step++) sum = (sum * 31 + step) | 0;
      return performance.now() - started + sum * 0;
    });
    return Math.min(...times);
  }, STEPS);
}
