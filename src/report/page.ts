import { element, html, type Markup } from './markup.js';
import { STYLE } from './style.js';

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: readonly Markup[];
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
    element('li', {}, element('a', { href: `#${id}` }, name)),
  );
  const parts = sections.map(({ id, title: name, body }) =>
    element('section', { id, 'aria-label': name }, element('h2', {}, name), ...body),
  );
  const head = [
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    html(element('title', {}, title)),
    `<style>${STYLE}</style>`,
  ];
  const body = [
    element('h1', {}, title),
    element('p', { class: 'note' }, note),
    ...(sections.length > 1
      ? [element('nav', { 'aria-label': 'sections' }, element('ul', {}, ...links))]
      : []),
    element('main', {}, ...parts),
  ].map(html);
  return `<!doctype html>\n<html lang="en"><head>${head.join('\n')}</head>\n<body>${body.join('\n')}</body></html>\n`;
}
