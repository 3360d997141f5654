/** Number of colours for people. */
export const HUES = 15;
/** Degrees between neighbouring hues. */
export const HUE_STEP = 360 / HUES;

/** The hue of a name, the same wherever it appears. @param {string} name @returns {number} degrees, 0–359 */
export function hueOf(name) {
  let hash = 7;
  for (const character of name.normalize("NFC")) {
    hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  }
  // Multiples of 24°: two colours are either equal or easy to distinguish.
  return (hash % HUES) * HUE_STEP;
}

/**
 * The first grapheme of a name, such as a whole emoji or an accented letter, in capitals.
 * @param {string} name
 * @returns {string}
 */
export function initialOf(name) {
  const [first] = new Intl.Segmenter().segment(name.trim());
  return first?.segment.toUpperCase() ?? "?";
}

/**
 * Fills an avatar with its letter, and with the hue from which the stylesheet computes its colour.
 * @param {HTMLElement} element
 * @param {string} name
 * @param {number} [hue] degrees; by default the hue of the name
 * @returns {void}
 */
export function paintAvatar(element, name, hue = hueOf(name)) {
  element.textContent = initialOf(name);
  element.style.setProperty("--hue", String(hue));
}

/**
 * The mark beside the name of an account. It is a picture, so no name can imitate it.
 * @param {string} label what screen readers say
 * @returns {SVGElement}
 */
export function verifiedMark(label) {
  const mark = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", "#icon-verified");
  mark.setAttribute("class", "icon verified");
  mark.setAttribute("role", "img");
  mark.setAttribute("aria-label", label);
  mark.append(use);
  return mark;
}

const SVG = "http://www.w3.org/2000/svg";
