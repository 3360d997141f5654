/** Milliseconds after which the page gets its turn: half a frame, so that a key or a scroll is never felt to wait. */
const TURN_MS = 8;
/** Characters after which it is looked how long their layout took, which nothing tells before. */
const MOST_WEIGHT = 8_000;

/**
 * What is to be drawn, one piece after the other. A piece yields wherever it may be interrupted: a number of characters
 * that it has drawn, or a function to be called once the drawing around it is done.
 * @typedef {Generator<number | (() => void), void, void>} Piece
 */

/**
 * Draws pieces in the order they came, in turns that are short however much there is: a room's whole list never freezes
 * its page. What fits into one turn is drawn at once.
 */
export class DrawQueue {
  #around;
  #done;
  #now;
  #later;
  /** @type {Piece[]} */
  #pieces = [];
  #isDrawing = false;

  /**
   * @param {object} parts
   * @param {(draw: () => void) => void} parts.around calls the function, and does what is to be done before and after it
   * @param {() => void} parts.done called whenever nothing is left
   * @param {() => number} [parts.now] milliseconds
   * @param {(act: () => void) => void} [parts.later] calls the function once the page has had its turn
   */
  constructor({ around, done, now = () => performance.now(), later = afterTurn }) {
    this.#around = around;
    this.#done = done;
    this.#now = now;
    this.#later = later;
  }

  /** Whether something waits to be drawn. @returns {boolean} */
  get isBusy() {
    return this.#pieces.length > 0;
  }

  /** @param {Piece} piece @returns {void} */
  add(piece) {
    this.#pieces.push(piece);
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    this.#turn();
  }

  #turn() {
    const end = this.#now() + TURN_MS;
    try {
      while (this.#pieces.length && this.#now() < end) this.#slice(end);
    } finally {
      if (this.#pieces.length) this.#later(() => this.#turn());
      else this.#isDrawing = false;
    }
    if (!this.#isDrawing) this.#done();
  }

  /** @param {number} end */
  #slice(end) {
    /** @type {(() => void) | undefined} */
    let after;
    this.#around(() => {
      let weight = 0;
      while (this.#pieces.length && !after && weight < MOST_WEIGHT) {
        const yielded = this.#step();
        if (typeof yielded === "function") after = yielded;
        else weight += yielded;
        if (this.#now() >= end) break;
      }
    });
    after?.();
  }

  /** @returns {number | (() => void)} */
  #step() {
    const [piece] = this.#pieces;
    let isOver = true;
    try {
      const { done, value } = piece.next();
      isOver = done === true;
      return value ?? 0;
    } finally {
      // One that fails must not keep the others from being drawn.
      if (isOver) this.#pieces.shift();
    }
  }
}

/** Timers of pages that nobody looks at are slowed down; messages to oneself aren't. @param {() => void} act */
function afterTurn(act) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    act();
  };
  port2.postMessage(undefined);
}
