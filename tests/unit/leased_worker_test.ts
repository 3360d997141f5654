import { assertEquals } from "@std/assert";
import { systemClock } from "../../rooms/clock.ts";
import { Lease, LeaseLostError } from "../../rooms/kv/lease.ts";
import { type LeasedWork, LeasedWorker } from "../../rooms/kv/leased_worker.ts";

const NEVER_MS = 1_000_000;

/** Work that is done in one step each time something is put on it. */
class Pile implements LeasedWork {
  due = 0;
  readonly events: string[] = [];
  act: () => void = () => {};

  isDue(): Promise<boolean> {
    return Promise.resolve(this.due > 0);
  }

  work(): Promise<number> {
    this.act();
    this.events.push(`did ${this.due}`);
    this.due = 0;
    return Promise.resolve(Infinity);
  }

  elsewhere(): void {
    this.events.push("elsewhere");
  }

  failed(error: unknown): number {
    this.events.push((error as Error).message);
    return 0;
  }
}

async function withWorker(
  act: (worker: LeasedWorker, pile: Pile, kv: Deno.Kv) => Promise<void>,
  leasePollMs = 1,
): Promise<void> {
  using kv = await Deno.openKv(":memory:");
  const lease = new Lease(kv, "pile", systemClock);
  const pile = new Pile();
  const worker = new LeasedWorker({ lease, clock: systemClock, sweepEveryMs: NEVER_MS, leasePollMs }, pile);
  const stop = new AbortController();
  const running = worker.run(stop.signal);
  await act(worker, pile, kv);
  stop.abort();
  await running;
}

Deno.test("LeasedWorker does what is due when it is rung, and answers the ring when it is done", () =>
  withWorker(async (worker, pile) => {
    await worker.ring();
    pile.due = 2;
    await worker.ring();
    assertEquals(pile.events, ["did 2"]);
  }));

Deno.test("LeasedWorker waits for the process that holds the lease, and works when it is given up", () =>
  withWorker(async (worker, pile, kv) => {
    await worker.ring();
    const other = new Lease(kv, "pile", systemClock);
    await other.acquire();
    pile.due = 1;
    const rung = worker.ring();
    while (!pile.events.includes("elsewhere")) await new Promise((resolve) => setTimeout(resolve, 1));
    await other.release();
    await rung;
    assertEquals(pile.events.at(-1), "did 1");
  }));

Deno.test("LeasedWorker tries again after an error, and answers the ring only when it is done", () =>
  withWorker(async (worker, pile) => {
    await worker.ring();
    pile.due = 1;
    pile.act = () => {
      pile.act = () => {};
      throw new Error("no");
    };
    await worker.ring();
    assertEquals(pile.events, ["no", "did 1"]);
  }));

Deno.test("LeasedWorker takes a lost lease for no error", () =>
  withWorker(async (worker, pile) => {
    await worker.ring();
    pile.due = 1;
    pile.act = () => {
      pile.act = () => {};
      throw new LeaseLostError();
    };
    await worker.ring();
    assertEquals(pile.events, ["elsewhere", "did 1"]);
  }));

for (const way of ["wake", "probe"] as const) {
  Deno.test(`LeasedWorker begins another pass after a ${way}() in the middle of one`, () =>
    withWorker(async (worker, pile) => {
      await worker.ring();
      pile.due = 1;
      const again = Promise.withResolvers<void>();
      const late = setTimeout(() => again.reject(new Error("No other pass began")), 30_000);
      pile.act = () => {
        pile.act = again.resolve;
        // Once this pass has looked for the last time.
        queueMicrotask(() => {
          pile.due = 2;
          worker[way]();
        });
      };
      worker.wake();
      await again.promise.finally(() => clearTimeout(late));
    }));
}

Deno.test("LeasedWorker lets nobody wait once it has stopped", async () => {
  let stopped: LeasedWorker | undefined;
  await withWorker((worker) => {
    stopped = worker;
    return Promise.resolve();
  });
  await stopped?.ring();
});
