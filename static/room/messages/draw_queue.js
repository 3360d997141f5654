/** Drawing yields to the page after this many milliseconds, half a frame, so that keys and scrolling never feel delayed. */
const TURN_MS = 8;
/** What draws may last as long as the layout around it, up to this: on a slow machine it would be nothing but layout. */
const MAX_TURN_MS = 16;
/** The same while a page opens, when nobody can scroll or write yet: on a slow phone 25 layouts took half a second. */
const OPENING_TURN_MS = 100;
/** Characters after which the clock is read: their layout takes time that can be measured only afterwards. */
const MAX_CHARACTERS = 8_000;

/**
 * Something to draw. It yields wherever it may be interrupted: the number of characters that it has drawn, or a function to
 * call when `around` has returned.
 * @typedef {Generator<number | (() => void), void, void>} Task
 */

/**
 * Draws tasks in the order in which they were added, in short turns, so that a long list never freezes the page. What fits
 * into one turn is drawn at once.
 */
export class DrawQueue {
  #around;
  #done;
  #isOpening;
  #now;
  #later;
  /** @type {Task[]} */
  #tasks = [];
  #isDrawing = false;
  /** How long `around` itself took last, in milliseconds. */
  #layoutMs = 0;

  /**
   * @param {object} parts
   * @param {(draw: () => void) => void} parts.around calls `draw`, with whatever has to happen before and after it
   * @param {() => void} parts.done called whenever the queue is empty
   * @param {() => boolean} [parts.isOpening] whether the page is of no use yet
   * @param {() => number} [parts.now] milliseconds
   * @param {(act: () => void) => void} [parts.later] calls `act` after the page has handled its events
   */
  constructor({ around, done, isOpening = () => false, now = () => performance.now(), later = afterTurn }) {
    this.#around = around;
    this.#done = done;
    this.#isOpening = isOpening;
    this.#now = now;
    this.#later = later;
  }

  /** Whether something is still to be drawn. @returns {boolean} */
  get isBusy() {
    return this.#tasks.length > 0;
  }

  /** @param {Task} task @returns {void} */
  add(task) {
    this.#tasks.push(task);
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    this.#turn();
  }

  #turn() {
    const end = this.#now() + TURN_MS;
    try {
      while (this.#tasks.length && this.#now() < end) this.#slice();
    } finally {
      if (this.#tasks.length) this.#later(() => this.#turn());
      else this.#isDrawing = false;
    }
    if (!this.#isDrawing) this.#done();
  }

  #slice() {
    /** @type {(() => void) | undefined} */
    let after;
    const started = this.#now();
    let drawnMs = 0;
    this.#around(() => {
      const begin = this.#now();
      const turnMs = Math.min(Math.max(TURN_MS, this.#layoutMs), MAX_TURN_MS);
      const end = begin + (this.#isOpening() ? OPENING_TURN_MS : turnMs);
      let characters = 0;
      while (this.#tasks.length && !after && characters < MAX_CHARACTERS) {
        const yielded = this.#step();
        if (typeof yielded === "function") after = yielded;
        else characters += yielded;
        if (this.#now() >= end) break;
      }
      drawnMs = this.#now() - begin;
    });
    this.#layoutMs = this.#now() - started - drawnMs;
    after?.();
  }

  /** @returns {number | (() => void)} */
  #step() {
    const [task] = this.#tasks;
    let isOver = true;
    try {
      const { done, value } = task.next();
      isOver = done === true;
      return value ?? 0;
    } finally {
      // A task that throws must not stop the others.
      if (isOver) this.#tasks.shift();
    }
  }
}

/** Uses a message channel: browsers delay the timers of hidden pages, but not their messages. @param {() => void} act */
function afterTurn(act) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    act();
  };
  port2.postMessage(undefined);
}

/** A task that is drawn without a pause. @param {() => void} draw @returns {Task} */
export function* drawing(draw) {
  draw();
  yield 0;
}
