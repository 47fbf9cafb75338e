/**
 * Makes an element. Text goes in as text only: names and reasons come from outside.
 *
 * @param {string} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/**
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {HTMLElement}
 */
export function find(selector, within = document) {
  const node = within.querySelector(selector);
  if (!node) throw new Error(`there is no ${selector}`);
  return /** @type {HTMLElement} */ (node);
}

/** Writes only what has changed, so that a reader's place and selection stay. */
export function setText(/** @type {Element} */ node, /** @type {string} */ text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * A list that keeps its elements, and so the keyboard's focus, from one update to the next.
 *
 * @template Item
 * @param {Element} list
 * @param {(item: Item) => string} keyOf
 * @param {(item: Item) => { node: Element, update(item: Item): void }} create
 * @returns {(items: readonly Item[]) => void}
 */
export function keyedList(list, keyOf, create) {
  const shown = new Map();
  return (items) => {
    const keys = new Set(items.map(keyOf));
    for (const [key, { node }] of shown) {
      if (keys.has(key)) continue;
      node.remove();
      shown.delete(key);
    }
    items.forEach((item, place) => {
      const key = keyOf(item);
      let entry = shown.get(key);
      if (!entry) {
        entry = create(item);
        shown.set(key, entry);
      }
      entry.update(item);
      if (list.children[place] !== entry.node) list.insertBefore(entry.node, list.children[place] ?? null);
    });
  };
}
