// @ts-check
/** Getting at the page's elements, with their types checked when the page starts. */

/**
 * The element that carries a data attribute.
 * @template {HTMLElement} T
 * @param {string} name the attribute's name without `data-`
 * @param {new () => T} type
 * @returns {T}
 */
export function element(name, type) {
  const found = document.querySelector(`[data-${name}]`);
  if (!(found instanceof type)) throw new Error(`index.html: got ${found}, expected a ${type.name} with data-${name}`);
  return found;
}

/**
 * Make an element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Partial<HTMLElementTagNameMap[K]>} [properties]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}
