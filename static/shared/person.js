/** How many colours there are. */
export const HUES = 15;
/** Degrees from one to the next. */
export const HUE_STEP = 360 / HUES;

/** The hue of a name, the same wherever it appears. @param {string} name @returns {number} degrees, 0–359 */
export function hueOf(name) {
  let hash = 7;
  for (const character of name.normalize("NFC")) {
    hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  }
  // A multiple of 24 keeps two people's colours either equal or well apart.
  return (hash % HUES) * HUE_STEP;
}

/**
 * The first character of a name as people see it, a whole emoji or an accented letter.
 * @param {string} name
 * @returns {string}
 */
export function initialOf(name) {
  const [first] = new Intl.Segmenter().segment(name.trim());
  return first?.segment.toUpperCase() ?? "?";
}

/**
 * Fills an avatar: its letter, and the hue from which the stylesheet makes its colour.
 * @param {HTMLElement} element
 * @param {string} name
 * @param {number} [hue] degrees; the name's own where nothing else is said
 * @returns {void}
 */
export function paintAvatar(element, name, hue = hueOf(name)) {
  element.textContent = initialOf(name);
  element.style.setProperty("--hue", String(hue));
}

/**
 * The mark of an account's name: a picture, which no name can hold.
 * @param {string} label
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
