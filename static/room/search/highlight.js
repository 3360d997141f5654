/**
 * A text in pieces, of which those that were searched for are marked. Texts are compared as the server compares them: without
 * differences of width and case.
 * @param {string} text
 * @param {readonly string[]} words
 * @returns {{ text: string, isHit: boolean }[]} joined again, they are the text
 */
export function marked(text, words) {
  const characters = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
  // Where each character begins in the folded text: folding may make it longer or shorter.
  const starts = [0];
  let whole = "";
  for (const character of characters) starts.push((whole += folded(character)).length);
  const isHit = new Array(characters.length).fill(false);
  for (const word of words.map(folded)) {
    for (let at = whole.indexOf(word); at >= 0; at = whole.indexOf(word, at + word.length)) {
      for (const index of characters.keys()) {
        if (starts[index] < at + word.length && starts[index + 1] > at) isHit[index] = true;
      }
    }
  }
  /** @type {{ text: string, isHit: boolean }[]} */
  const pieces = [];
  for (const [index, character] of characters.entries()) {
    const last = pieces.at(-1);
    if (last && last.isHit === isHit[index]) last.text += character;
    else pieces.push({ text: character, isHit: isHit[index] });
  }
  return pieces;
}

/** Characters before the first hit that a result shows. */
const BEFORE = 20;

/**
 * A text in one line, cut so that its first hit is in sight.
 * @param {string} text
 * @param {readonly string[]} words
 * @returns {{ text: string, isHit: boolean }[]}
 */
export function excerpt(text, words) {
  const pieces = marked(text.replace(/\s+/g, " ").trim(), words);
  const [first] = pieces;
  if (!first || first.isHit || pieces.length === 1 || first.text.length <= BEFORE) return pieces;
  return [{ text: `…${[...first.text].slice(-BEFORE).join("")}`, isHit: false }, ...pieces.slice(1)];
}

/** @param {string} text @returns {string} */
function folded(text) {
  return text.normalize("NFKC").toLowerCase();
}
