import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Recommender } from '../../src/recommend/recommender.js';
import { collectReport } from '../../src/report/collect.js';
import { reportHtml } from '../../src/report/html.js';
import { inspectHtml } from '../../src/report/inspect.js';
import { trainedOnSample } from '../report/trained.js';
import { openChromium } from './chromium.js';

let browser: Browser;
let recommender: Recommender;
const pages: Record<string, string> = {};
beforeAll(async () => {
  const { log, interactions, known, ...trained } = await trainedOnSample();
  recommender = trained.recommender;
  pages['report'] = reportHtml(await collectReport(recommender, { seed: 1, known }));
  pages['inspect'] = inspectHtml(interactions, log, ['<i>log</i>.csv']);
  browser = await openChromium();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  recommender?.backend.dispose();
});

interface Opened {
  readonly page: Page;
  readonly messages: string[];
  readonly requests: string[];
}

async function open(name: string, width: number, colorScheme: 'light' | 'dark'): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const [messages, requests]: [string[], string[]] = [[], []];
  page.on('console', (message) => messages.push(message.text()));
  page.on('pageerror', (error) => messages.push(error.message));
  page.on('request', (request) => requests.push(request.url()));
  await page.setContent(pages[name]);
  return { page, messages, requests };
}

describe.each([
  ['report', 1100, 'light'],
  ['report', 1100, 'dark'],
  ['report', 360, 'light'],
  ['inspect', 1100, 'light'],
  ['inspect', 360, 'dark'],
] as const)('%s at %d px, %s', (name, width, scheme) => {
  it('asks for nothing, says nothing, and no label lies on another', async () => {
    const { page, messages, requests } = await open(name, width, scheme);
    expect(messages).toEqual([]);
    expect(requests).toEqual([]);
    const overlaps = await page.evaluate(() =>
      [...document.querySelectorAll('svg')].flatMap((svg) => {
        const texts = [...svg.querySelectorAll('text')].map((text) => ({
          name: text.textContent,
          box: text.getBoundingClientRect(),
        }));
        return texts.flatMap(({ name, box }, i) =>
          texts
            .slice(i + 1)
            .filter(
              ({ box: other }) =>
                box.left < other.right &&
                other.left < box.right &&
                box.top < other.bottom &&
                other.top < box.bottom,
            )
            .map((other) => `${name} / ${other.name}`),
        );
      }),
    );
    expect(overlaps).toEqual([]);
    const outside = await page.evaluate(() =>
      [...document.querySelectorAll('svg')].flatMap((svg) => {
        const frame = svg.getBoundingClientRect();
        return [...svg.querySelectorAll('text, rect, circle')]
          .filter((mark) => {
            const box = mark.getBoundingClientRect();
            return box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1;
          })
          .map((mark) => mark.outerHTML);
      }),
    );
    expect(outside).toEqual([]);
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll('.scroll')]
        .filter(
          (box) =>
            box.querySelectorAll('th').length <= 5 &&
            box.scrollWidth > box.clientWidth &&
            box.clientWidth > 0,
        )
        .map((box) => box.querySelector('tr')!.textContent),
    );
    expect(cut).toEqual([]);
    // The page itself never scrolls sideways.
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    await page.close();
  });
});

it.each([
  ['report', 7],
  ['inspect', 3],
])('every chart of %s has a title, labels of both axes and its figures as text', async (name, least) => {
  const { page } = await open(name, 1100, 'light');
  const charts = await page.evaluate(() =>
    [...document.querySelectorAll('figure')].map((figure) => ({
      title: figure.querySelector('figcaption')?.textContent,
      alternative: figure.querySelector('svg')?.getAttribute('aria-label'),
      axes: figure.querySelectorAll('svg .label').length,
      table: figure.querySelectorAll('details table tbody tr').length,
    })),
  );
  expect(charts.length).toBeGreaterThanOrEqual(least);
  for (const { title, alternative, axes, table } of charts) {
    expect(title).toMatch(/\w/);
    expect(alternative!.length).toBeGreaterThan(title!.length);
    expect(axes).toBe(2);
    expect(table).toBeGreaterThan(0);
  }
  await page.close();
});

it('tells attributes, and what people of the group did where that is a reason', () => {
  expect(pages['report']).toContain('<h3>By attribute of these items</h3>');
  expect(pages['report']).toMatch(/<td>category: science fiction<\/td>/);
  expect(pages['report']).toMatch(/in your history\. People in your group, who like “[^”]+”/);
});

it('holds no script and nothing of what titles and names hold as markup', () => {
  for (const html of Object.values(pages)) {
    expect(html).not.toMatch(/<script/i);
    expect(html).toContain(`content="default-src 'none'`);
  }
  expect(pages['report']).toContain('&#60;b&#62;bold&#60;/b&#62;');
  expect(pages['report']).not.toContain('<b>bold</b>');
  expect(pages['inspect']).not.toContain('<i>log</i>');
});
