const SETTLING_MS = 60;
const KEY_CODE_OF_COMPOSITION = 229;

/**
 * @typedef {Pick<KeyboardEvent, "key" | "shiftKey" | "altKey" | "isComposing" | "keyCode" | "repeat" | "timeStamp">} Key
 */

/**
 * Decides what an Enter means to someone who may be writing with an input method.
 *
 * The Enter that picks a word is told apart by `isComposing`; by key code 229, which older browsers report
 * instead; and, in Safari, only by coming right after the composition's end.
 */
export class Composition {
  #isActive = false;
  #endedAt = -Infinity;

  /** @returns {void} */
  start() {
    this.#isActive = true;
  }

  /** @param {number} timeStamp the event's, in milliseconds @returns {void} */
  end(timeStamp) {
    this.#isActive = false;
    this.#endedAt = timeStamp;
  }

  /**
   * `send` and `swallow` (an Enter held down) are not to reach the text; `leave` is none of our business.
   * @param {Key} key
   * @returns {"send" | "swallow" | "leave"}
   */
  meaningOf(key) {
    if (
      key.key !== "Enter" || key.shiftKey || key.altKey ||
      this.#belongsToComposition(key)
    ) return "leave";
    return key.repeat ? "swallow" : "send";
  }

  /** @param {Key} key @returns {boolean} */
  #belongsToComposition(key) {
    return this.#isActive || key.isComposing ||
      key.keyCode === KEY_CODE_OF_COMPOSITION ||
      key.timeStamp - this.#endedAt < SETTLING_MS;
  }
}
