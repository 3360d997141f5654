/** The words of the page's language, as the server put them into the page. */
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
   * The sentence for a key with its `{places}` filled. A numeric `count` of one takes `key.one` where that
   * exists.
   * @param {string} key
   * @param {Record<string, string | number>} [values]
   * @returns {string}
   */
  say(key, values = {}) {
    const isOne = typeof values.count === "number" && this.#isOne(values.count);
    const sentence = (isOne && this.#table[`${key}.one`]) || this.#table[key];
    if (sentence === undefined) {
      throw new RangeError(`Cannot say "${key}": the language has no such key`);
    }
    return sentence.replace(/\{(\w+)\}/g, (_, place) => String(values[place]));
  }

  /**
   * Names as a short list: all of them up to three, else the first three and how many there are.
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

/** Reads the words that the server put into the page. @returns {Words} */
export function pageWords() {
  const blocks = Array.from(document.querySelectorAll("[data-words]"));
  const tables = blocks.map((block) => JSON.parse(block.textContent ?? "{}"));
  return new Words(Object.assign({}, ...tables), document.documentElement.lang);
}
