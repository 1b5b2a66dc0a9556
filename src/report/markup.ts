/** Text made safe for HTML and for attributes in double quotes. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

type Attributes = Readonly<Record<string, string | number>>;

/** An element; `inside` is markup already. */
export function element(name: string, attributes: Attributes, ...inside: readonly string[]): string {
  const written = Object.entries(attributes).map(([key, value]) => {
    const text = typeof value === 'number' ? String(Math.round(100 * value) / 100) : value;
    return ` ${key}="${escaped(text)}"`;
  });
  return `<${name}${written.join('')}>${inside.join('')}</${name}>`;
}

/** A table with its head; cells are text, numbers are set right. */
export function tableOf(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number): string =>
    typeof value === 'number'
      ? element('td', { class: 'number' }, Number.isInteger(value) ? formatted(value) : value.toPrecision(3))
      : element('td', {}, escaped(value));
  return element(
    'div',
    { class: 'scroll' },
    element(
      'table',
      {},
      element(
        'thead',
        {},
        element('tr', {}, ...head.map((name) => element('th', { scope: 'col' }, escaped(name)))),
      ),
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

export const paragraph = (text: string): string => element('p', {}, escaped(text));
export const note = (text: string): string => element('p', { class: 'note' }, escaped(text));
export const percent = (share: number): string => `${(100 * share).toFixed(share < 0.01 ? 2 : 0)}%`;
