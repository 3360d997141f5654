/** Whether work takes a time in proportion to its size, told without hoping for a machine's speed. */
import { assert } from "@std/assert";

/** How many times as large the larger piece of work is. */
const TIMES = 10;
/** The most times as long as the smaller piece that it may take: what grows with the square takes a hundred times as long. */
const MOST = 30;
/** Rounds, of which the fastest of each size counts: whatever else the machine does only ever adds. */
const LEAST_ROUNDS = 3;
const MOST_ROUNDS = 15;

/** Asserts that ten times the size takes less than thirty times the time. `size` is that of the smaller piece. */
export async function assertGrowsInProportion(
  work: (size: number) => unknown,
  size: number,
  what = "the work",
): Promise<void> {
  await work(size);
  const fastest = { small: Infinity, large: Infinity };
  const isInProportion = (): boolean => fastest.large < fastest.small * MOST;
  for (let round = 0; round < LEAST_ROUNDS || (round < MOST_ROUNDS && !isInProportion()); round++) {
    fastest.small = Math.min(fastest.small, await timed(() => work(size)));
    fastest.large = Math.min(fastest.large, await timed(() => work(size * TIMES)));
  }
  const { small, large } = fastest;
  assert(
    isInProportion(),
    `${what} of size ${size} takes ${small} ms, ${TIMES} times as much takes ${large} ms`,
  );
}

async function timed(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
