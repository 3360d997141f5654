/** How long a page's scripts keep its thread at a time. */
import type { Page } from "playwright-core";

/** What runs scripts, as Chromium's traces name it; the layout that a script asks for is part of it. */
const SCRIPTS = new Set([
  "EvaluateScript",
  "EventDispatch",
  "FireAnimationFrame",
  "FunctionCall",
  "TimerFire",
]);

/** An event of a trace; `tdur`: the time of its thread, in microseconds, in which no other process counts. */
interface TraceEvent {
  readonly name: string;
  readonly tdur?: number;
}

/** What {@link slowness} takes on the machine on which limits of pages are measured, in milliseconds. */
const REFERENCE_MS = 27;

/** How many times slower the machine is than the one on which limits were measured, but at least 1. */
export async function slowness(page: Page): Promise<number> {
  const ms = await longestScript(
    page,
    () =>
      page.evaluate(() =>
        new Promise<void>((resolve) =>
          requestAnimationFrame(() => {
            const list = document.createElement("div");
            for (let i = 0; i < 2_000; i++) {
              const row = document.createElement("p");
              row.textContent = `row ${i} of a list that has to be laid out`;
              list.append(row);
            }
            document.body.append(list);
            list.getBoundingClientRect();
            list.remove();
            resolve();
          })
        )
      ),
  );
  return Math.max(1, ms / REFERENCE_MS);
}

/** The longest that a script ran in one piece while `act` went on: milliseconds of the processor, however busy that is. */
export async function longestScript(page: Page, act: () => Promise<unknown>): Promise<number> {
  const tools = await page.context().newCDPSession(page);
  let longest = 0;
  tools.on("Tracing.dataCollected", ({ value }) => {
    for (const { name, tdur = 0 } of value as unknown as TraceEvent[]) {
      if (SCRIPTS.has(name)) longest = Math.max(longest, tdur / 1_000);
    }
  });
  await tools.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: ["devtools.timeline"] },
  });
  await act();
  const complete = new Promise((resolve) => tools.once("Tracing.tracingComplete", resolve));
  await tools.send("Tracing.end");
  await complete;
  await tools.detach();
  return longest;
}
