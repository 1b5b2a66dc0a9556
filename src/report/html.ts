import type { ReportContents } from './collect.js';
import { element, escaped, formatted } from './markup.js';
import {
  dataSection,
  examplesSection,
  figuresSection,
  groupsSection,
  importanceSection,
  protocolSection,
  type Section,
  trainingSection,
} from './sections.js';
import { STYLE } from './style.js';

/** One self-contained HTML file: no script, nothing from elsewhere, opens offline. */
export function reportHtml(contents: ReportContents): string {
  const sections = [
    dataSection(contents),
    trainingSection(contents),
    figuresSection(contents),
    groupsSection(contents),
    importanceSection(contents),
    examplesSection(contents),
    protocolSection(contents),
  ].filter((section) => section !== undefined);
  const title = `foldin: ${contents.model} over ${formatted(contents.items)} items`;
  const links = sections.map(({ id, title: name }) =>
    element('li', {}, element('a', { href: `#${id}` }, escaped(name))),
  );
  const part = ({ id, title: name, body }: Section) =>
    element('section', { id, 'aria-label': name }, element('h2', {}, escaped(name)), body);
  const head = [
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    element('title', {}, escaped(title)),
    `<style>${STYLE}</style>`,
  ];
  const { device } = contents.manifest as { device?: { adapter: string; kind: string } };
  const made = device
    ? `Trained on ${device.adapter} (${device.kind === 'gpu' ? 'hardware GPU' : device.kind}).`
    : '';
  const body = [
    element('h1', {}, escaped(title)),
    element('p', { class: 'note' }, escaped(`${formatted(contents.users)} users. ${made}`)),
    element('nav', { 'aria-label': 'sections' }, element('ul', {}, ...links)),
    element('main', {}, ...sections.map(part)),
  ];
  return `<!doctype html>\n<html lang="en"><head>${head.join('\n')}</head>\n<body>${body.join('\n')}</body></html>\n`;
}
