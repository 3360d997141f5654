/** Safari reports the Enter that ended a composition at most this long after its end. */
const SETTLING_MS = 60;
/** https://www.w3.org/TR/uievents/#determine-keydown-keyup-keyCode */
const KEY_CODE_OF_COMPOSITION = 229;

/**
 * @typedef {Pick<KeyboardEvent, "key" | "code" | "shiftKey" | "altKey" | "isComposing" | "keyCode" | "repeat" | "timeStamp">} Key
 */

/**
 * Decides what an Enter means where the text may come from an input method.
 *
 * Chinese and Japanese: the Enter that picks a word has `isComposing`, or key code 229 in older browsers. Safari reports it
 * only after the composition has ended, as an ordinary key; it is recognised by following within 60 ms.
 *
 * Korean: browsers report one press of Enter twice, first as part of the composition, and after its end as an ordinary key,
 * which is meant to send.
 *
 * Whether a composition is under way is read from each key and not remembered: there may be no event when a click ends it.
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
   * What a key means. It must be called for every keydown. `send` and `swallow` (an Enter held down) must not reach the
   * text; `leave`: the browser handles the key.
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

/** Whether it is Enter; during a composition its `key` may be "Process". @param {Key} key @returns {boolean} */
function isEnter({ key, code }) {
  return key === "Enter" || (key === "Process" && (code === "Enter" || code === "NumpadEnter"));
}
