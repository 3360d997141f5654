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
    return sentence.replace(/\{(\w+)\}/g, (_, place) => String(values[place]));
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
