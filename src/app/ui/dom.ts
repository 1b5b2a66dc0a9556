import { attributeText, type Markup } from '../../report/markup.js';

const SVG = 'http://www.w3.org/2000/svg';
const SVG_ELEMENTS = new Set(['svg', 'path', 'polyline', 'rect', 'circle', 'text']);

type Properties = Readonly<Record<string, string | number | boolean | ((event: Event) => void)>>;

/** An element with attributes, listeners (`onclick`) and children; a string is text, never markup. */
export function h<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Properties = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === 'function') element.addEventListener(key.slice('on'.length), value);
    else if (typeof value === 'boolean') element.toggleAttribute(key, value);
    else element.setAttribute(key, String(value));
  }
  element.append(...children);
  return element;
}

/** A tree of the report as elements. */
export function toDom(markup: Markup): Node {
  if (typeof markup === 'string') return document.createTextNode(markup);
  const { name, attributes, inside } = markup;
  // An svg's <title> is not HTML's; nothing else stands in a circle.
  const isSvg = SVG_ELEMENTS.has(name) || name === 'title';
  const element = isSvg ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, attributeText(value));
  element.append(...inside.map(toDom));
  return element;
}

/** The element of index.html with this id. */
export function byId<Type extends HTMLElement = HTMLElement>(id: string): Type {
  return document.getElementById(id) as Type;
}

export const show = (id: string, shown: boolean): void => {
  byId(id).hidden = !shown;
};

export const fill = (id: string, ...children: readonly (Node | string)[]): void =>
  byId(id).replaceChildren(...children);

/** Fills a list anew; who was on a button in it, by keyboard, is on the one in its place then, or on `otherwise`. */
export function refill(id: string, otherwise: string, ...children: readonly HTMLElement[]): void {
  const list = byId(id);
  const place = [...list.children].findIndex((child) => child.contains(document.activeElement));
  list.replaceChildren(...children);
  if (place < 0) return;
  const next = list.children[Math.min(place, list.children.length - 1)]?.querySelector('button');
  (next ?? byId(otherwise)).focus();
}
