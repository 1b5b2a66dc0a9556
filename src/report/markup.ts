/**
 * Markup as a tree: a string is text, whatever it holds. `html` writes it for a file, a page makes elements of it; in
 * neither can a title turn into an element.
 */
export type Markup = string | MarkupElement;

export interface MarkupElement {
  readonly name: string;
  readonly attributes: Attributes;
  readonly inside: readonly Markup[];
}

type Attributes = Readonly<Record<string, string | number>>;

/** Text made safe for HTML and for attributes in double quotes. */
const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

export const element = (
  name: string,
  attributes: Attributes,
  ...inside: readonly Markup[]
): MarkupElement => ({ name, attributes, inside });

/** An attribute as it is written: numbers, which are coordinates, to two digits. */
export const attributeText = (value: string | number): string =>
  typeof value === 'number' ? String(Math.round(100 * value) / 100) : value;

/** The tree as HTML. */
export function html(markup: Markup): string {
  if (typeof markup === 'string') return escaped(markup);
  const { name, attributes, inside } = markup;
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${escaped(attributeText(value))}"`,
  );
  return `<${name}${written.join('')}>${inside.map(html).join('')}</${name}>`;
}

/** A table with its head; cells are text, numbers are set right. */
export function tableOf(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): MarkupElement {
  const cell = (value: string | number): Markup =>
    typeof value === 'number'
      ? element('td', { class: 'number' }, Number.isInteger(value) ? formatted(value) : value.toPrecision(3))
      : element('td', {}, value);
  return element(
    'div',
    { class: 'scroll' },
    element(
      'table',
      {},
      element('thead', {}, element('tr', {}, ...head.map((name) => element('th', { scope: 'col' }, name)))),
      element('tbody', {}, ...rows.map((row) => element('tr', {}, ...row.map(cell)))),
    ),
  );
}

/** A number as people read it: whole ones with separators, others with four significant digits. */
export function formatted(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en');
  const text = Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(4);
  return Number(text).toLocaleString('en', { maximumFractionDigits: 6 });
}

export const paragraph = (text: string): MarkupElement => element('p', {}, text);
export const note = (text: string): MarkupElement => element('p', { class: 'note' }, text);
export const percent = (share: number): string =>
  `${(100 * share).toFixed(share > 0 && share < 0.01 ? 2 : 0)}%`;
