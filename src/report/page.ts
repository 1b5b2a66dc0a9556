import { element, escaped } from './markup.js';
import { STYLE } from './style.js';

export interface Section {
  readonly id: string;
  readonly title: string;
  /** Markup. */
  readonly body: string;
}

export interface Page {
  readonly title: string;
  /** A line below the title. */
  readonly note: string;
  readonly sections: readonly Section[];
}

/** One self-contained HTML file: no script, nothing from elsewhere, opens offline. */
export function pageHtml({ title, note, sections }: Page): string {
  const links = sections.map(({ id, title: name }) =>
    element('li', {}, element('a', { href: `#${id}` }, escaped(name))),
  );
  const parts = sections.map(({ id, title: name, body }) =>
    element('section', { id, 'aria-label': name }, element('h2', {}, escaped(name)), body),
  );
  const head = [
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    element('title', {}, escaped(title)),
    `<style>${STYLE}</style>`,
  ];
  const body = [
    element('h1', {}, escaped(title)),
    element('p', { class: 'note' }, escaped(note)),
    ...(sections.length > 1
      ? [element('nav', { 'aria-label': 'sections' }, element('ul', {}, ...links))]
      : []),
    element('main', {}, ...parts),
  ];
  return `<!doctype html>\n<html lang="en"><head>${head.join('\n')}</head>\n<body>${body.join('\n')}</body></html>\n`;
}
