/** The sentences of the page's language, by their keys. */
export class Words {
  #table;
  #plural;

  /** @param {Record<string, string>} table @param {string} language a BCP 47 tag */
  constructor(table, language) {
    this.#table = table;
    this.#plural = new Intl.PluralRules(language);
    this.language = language;
  }

  /**
   * The sentence for a key, with its `{placeholders}` replaced. If `count` is one, or takes the same form, `key.one` is used
   * where it exists.
   * @param {string} key
   * @param {Record<string, string | number>} [values]
   * @returns {string}
   * @throws {RangeError} when the page has no sentence for the key
   */
  say(key, values = {}) {
    const isOne = typeof values.count === "number" && this.#isOne(values.count);
    const sentence = (isOne && this.#table[`${key}.one`]) || this.#table[key];
    if (sentence === undefined) {
      throw new RangeError(`Cannot say "${key}": the language has no such key`);
    }
    return sentence.replace(/\{(\w+)\}/g, (place, name, at) => {
      const value = String(values[name]);
      const before = needsSpace(sentence[at - 1], value[0]) ? " " : "";
      const after = needsSpace(value.at(-1), sentence[at + place.length]) ? " " : "";
      return before + isolated(value) + after;
    });
  }

  /**
   * Names as a short list: up to three, and the total if there are more.
   * @param {readonly string[]} names
   * @returns {string}
   */
  list(names) {
    const shown = names.slice(0, 3).join(this.say("list_separator"));
    return names.length > 3 ? this.say("and_more", { names: shown, count: names.length }) : shown;
  }

  /** @param {number} count @returns {boolean} */
  #isOne(count) {
    return count === 1 || this.#plural.select(count) === "one";
  }
}

/** Reads the sentences that the server put into the page. @returns {Words} */
export function pageWords() {
  const blocks = Array.from(document.querySelectorAll("[data-words]"));
  const tables = blocks.map((block) => JSON.parse(block.textContent ?? "{}"));
  return new Words(Object.assign({}, ...tables), document.documentElement.lang);
}

const HAN = /\p{Script=Han}/u;
const LATIN = /[\p{Script=Latin}\p{Nd}]/u;
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u;

/**
 * Whether a space belongs between two characters: between Chinese and Latin letters or digits, as Chinese is typeset.
 * @param {string | undefined} left
 * @param {string | undefined} right
 * @returns {boolean}
 */
function needsSpace(left = "", right = "") {
  return (HAN.test(left) && LATIN.test(right)) || (LATIN.test(left) && HAN.test(right));
}

/**
 * A text that stands in a sentence. Right-to-left letters are isolated, or they would reorder what stands beside them
 * (https://unicode.org/reports/tr9/#Explicit_Directional_Isolates).
 * @param {string} value
 * @returns {string}
 */
function isolated(value) {
  return RIGHT_TO_LEFT.test(value) ? `\u2068${value}\u2069` : value;
}
