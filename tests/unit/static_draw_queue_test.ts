import { assert, assertEquals, assertThrows } from "@std/assert";
import { DrawQueue } from "../../static/room/messages/draw_queue.js";

/** A page whose clock goes on with what is drawn: a millisecond a step, and one for the layout of 1,000 characters. */
class Scene {
  readonly drawn: string[] = [];
  /** How long each turn took. */
  readonly turns: number[] = [];
  readonly queue: DrawQueue;
  idle = 0;
  #now = 0;
  #startedAt = 0;
  #laidOut = 0;
  #characters = 0;
  #waiting: (() => void)[] = [];

  constructor() {
    this.queue = new DrawQueue({
      around: (draw) => {
        draw();
        this.#now += (this.#characters - this.#laidOut) / 1_000;
        this.#laidOut = this.#characters;
      },
      done: () => void this.idle++,
      now: () => this.#now,
      later: (act) => void this.#waiting.push(act),
    });
  }

  *task(name: string, steps: number, characters = 1): Generator<number, void, void> {
    for (let step = 0; step < steps; step++) {
      this.drawn.push(name);
      this.#now++;
      this.#characters += characters;
      yield characters;
    }
  }

  add(task: Generator<number | (() => void), void, void>): void {
    this.#timed(() => this.queue.add(task));
  }

  /** Gives the queue one more turn, if it wants one. */
  turn(): boolean {
    const act = this.#waiting.shift();
    if (act) this.#timed(act);
    return act !== undefined;
  }

  #timed(act: () => void): void {
    this.#startedAt = this.#now;
    act();
    this.turns.push(this.#now - this.#startedAt);
  }
}

Deno.test("DrawQueue draws at once what fits into one turn", () => {
  const scene = new Scene();
  scene.add(scene.task("a", 3));
  assertEquals([scene.drawn, scene.queue.isBusy, scene.idle], [["a", "a", "a"], false, 1]);
  assert(!scene.turn());
});

Deno.test("DrawQueue draws in short turns what is much, and everything in the order it came", () => {
  const scene = new Scene();
  scene.add(scene.task("a", 40));
  assert(scene.queue.isBusy);
  scene.add(scene.task("b", 2));
  while (scene.turn());
  assertEquals(scene.drawn, [...Array(40).fill("a"), "b", "b"]);
  assert(Math.max(...scene.turns) < 9, `${scene.turns}`);
  assertEquals([scene.queue.isBusy, scene.idle], [false, 1]);
});

Deno.test("DrawQueue lets the page have its turn after long messages, whose layout is what takes time", () => {
  const scene = new Scene();
  scene.add(scene.task("a", 50, 4_000));
  while (scene.turn());
  assertEquals(scene.drawn.length, 50);
  assert(Math.max(...scene.turns) <= 20, `${scene.turns}`);
});

Deno.test("DrawQueue calls what is yielded once the drawing around it is done", () => {
  const calls: string[] = [];
  const queue = new DrawQueue({
    around: (draw) => {
      calls.push("before");
      draw();
      calls.push("after");
    },
    done: () => void calls.push("done"),
    now: () => 0,
    later: () => {},
  });
  queue.add((function* () {
    yield () => void calls.push("called");
  })());
  assertEquals(calls.slice(0, 3), ["before", "after", "called"]);
  assertEquals(calls.at(-1), "done");
});

Deno.test("DrawQueue goes on after a task that fails", () => {
  const scene = new Scene();
  scene.add(scene.task("a", 9));
  scene.queue.add((function* (): Generator<number, void, void> {
    yield 0;
    throw new Error("can't be drawn");
  })());
  scene.add(scene.task("b", 1));
  assertThrows(() => scene.turn(), Error, "can't be drawn");
  while (scene.turn());
  assertEquals([scene.drawn.at(-1), scene.queue.isBusy], ["b", false]);
});
