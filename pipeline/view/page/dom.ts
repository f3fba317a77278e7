type Child = Node | string | null;
type Props = Readonly<Record<string, string | number | boolean | ((event: Event) => void) | null>>;

/**
 * An element with attributes, listeners (`onclick`) and children. Texts become text nodes, so that nothing that
 * comes from outside is ever read as markup.
 */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  apply(element, props);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** As `el`, for drawings. */
export function svg(tag: string, props: Props = {}, ...children: readonly Node[]): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  apply(element, props);
  element.append(...children);
  return element;
}

function apply(element: Element, props: Props): void {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') element.addEventListener(name.replace(/^on/, ''), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== null && value !== false) element.setAttribute(name, String(value));
  }
}

/** The element of that id, which index.html has. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/** Only `http:` and `https:` links are followed; anything else stays text. */
export function link(url: string): HTMLElement {
  const safe = /^https?:\/\//i.test(url);
  return safe
    ? el('a', { href: url, rel: 'noreferrer noopener', target: '_blank' }, url)
    : el('span', {}, url);
}
