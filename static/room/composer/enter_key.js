const SETTLING_MS = 60;
const KEY_CODE_OF_COMPOSITION = 229;

/**
 * @typedef {Pick<KeyboardEvent, "key" | "code" | "shiftKey" | "altKey" | "isComposing" | "keyCode" | "repeat" | "timeStamp">} Key
 */

/**
 * Decides what an Enter means to someone who may be writing with an input method.
 *
 * Chinese and Japanese: the Enter that picks a word is told apart by `isComposing`, or by key code 229, which older
 * browsers report instead. Safari sends it only after the composition's end, where it looks like any other and is told
 * apart by coming at once.
 *
 * Korean: one press of Enter is told twice, first as the composition's own, then, after its end, as one that is meant.
 *
 * Whether a composition goes on is asked of each key and not remembered: one that a click ends may never say so.
 */
export class EnterKey {
  #endedAt = -Infinity;
  #hasHadEnter = false;

  /** @returns {void} */
  start() {
    this.#endedAt = -Infinity;
    this.#hasHadEnter = false;
  }

  /** @param {number} timeStamp the event's, in milliseconds @returns {void} */
  end(timeStamp) {
    this.#endedAt = timeStamp;
  }

  /**
   * What a keydown means; all of them are to be shown. `send` and `swallow` (an Enter held down) are not to reach the
   * text; `leave` is none of our business.
   * @param {Key} key
   * @returns {"send" | "swallow" | "leave"}
   */
  meaningOf(key) {
    if (key.isComposing || key.keyCode === KEY_CODE_OF_COMPOSITION) {
      if (isEnter(key)) this.#hasHadEnter = true;
      return "leave";
    }
    const isPicking = !this.#hasHadEnter && key.timeStamp - this.#endedAt < SETTLING_MS;
    if (!isEnter(key) || key.shiftKey || key.altKey || isPicking) return "leave";
    return key.repeat ? "swallow" : "send";
  }
}

/** Whether it is Enter; while something is composed, its `key` may be "Process". @param {Key} key @returns {boolean} */
function isEnter({ key, code }) {
  return key === "Enter" || (key === "Process" && (code === "Enter" || code === "NumpadEnter"));
}
