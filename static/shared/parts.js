/** Finds and copies what the server has put into the page, and makes what it has not. */

/**
 * The first element with this `data-part`. Pages contain every part that their scripts ask for.
 * @template {HTMLElement} Kind
 * @param {string} name
 * @param {ParentNode} [parent] where to search; the whole page unless given
 * @returns {Kind}
 */
export function part(name, parent = document) {
  return /** @type {Kind} */ (parent.querySelector(`[data-part="${name}"]`));
}

/** A copy of the element in a template. @param {HTMLTemplateElement} template @returns {HTMLElement} */
export function copyOf(template) {
  const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  return /** @type {HTMLElement} */ (copy.firstElementChild);
}

/**
 * A form's field.
 * @template {HTMLElement} Kind
 * @param {HTMLFormElement} form
 * @param {string} name
 * @returns {Kind}
 */
export function fieldOf(form, name) {
  return /** @type {Kind} */ (/** @type {unknown} */ (form.elements.namedItem(name)));
}

/**
 * A new element.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Partial<Omit<HTMLElementTagNameMap[Name], "dataset">> & { data?: Record<string, string> }} [properties] `data`: its `data-` attributes
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, { data = {}, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
}

/** An icon of `icons.svg`, which says nothing to screen readers. @param {string} name @returns {SVGElement} */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}
