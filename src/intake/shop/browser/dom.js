/**
 * An element with attributes and children. Children that are strings are text, whatever they hold; `false` and
 * `undefined` are left out.
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === undefined) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child !== false && child !== undefined));
  return node;
}

export const part = (parent, name) => parent.querySelector(`[data-part="${name}"]`);

/** Changes text only where it differs, so that nothing is read out or repainted without need. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
