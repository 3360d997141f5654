/** Finds and copies what the server has put into the page. */

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
