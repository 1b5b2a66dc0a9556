import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBackend } from '../../src/createBackend.js';
import { clean } from '../../src/data/clean.js';
import { withTitles } from '../../src/data/items.js';
import { readLog } from '../../src/data/readLog.js';
import { sampleCsv, sampleLog } from '../../src/data/sample.js';
import { memorySource } from '../../src/data/source.js';
import { fit } from '../../src/recommend/fit.js';
import type { Recommender } from '../../src/recommend/recommender.js';
import { encodeModel } from '../../src/store/modelFile.js';
import { type Running, temporaryFolder } from '../cli/helpers.js';
import {
  grouped,
  isRead,
  type OpenedPage,
  openApp,
  picture,
  reasoned,
  recommended,
  startApp,
  textOf,
} from './app.js';
import { openChromium } from './chromium.js';

let browser: Browser;
let running: Running;
let url: string;
let remove: () => Promise<void>;
/** Trained in Node, on the CPU. */
let recommender: Recommender;
let model: { name: string; mimeType: string; buffer: Buffer };

beforeAll(async () => {
  const made = await temporaryFolder();
  remove = made.remove;
  ({ url, running } = await startApp(made.folder));
  browser = await openChromium();
  const sample = sampleLog({ users: 200, items: 80 });
  const { rows } = await readLog([memorySource('log.csv', sampleCsv(sample).log)]);
  const titles = new Map(sample.items.map(({ item, title }) => [item, title]));
  const interactions = withTitles(clean(rows).interactions, titles, 'items.csv');
  const backend = await createBackend({ device: 'cpu' });
  ({ recommender } = await fit(backend, interactions, { train: { epochs: 6, patience: 0 } }));
  const buffer = Buffer.from(await encodeModel(await recommender.contents()));
  model = { name: 'books.safetensors', mimeType: 'application/octet-stream', buffer };
});
afterAll(async () => {
  await browser?.close();
  running?.child.kill('SIGTERM');
  await running?.ended;
  await remove?.();
  recommender?.backend.dispose();
});

describe('the page with a model trained in Node', () => {
  let opened: OpenedPage;
  beforeAll(async () => {
    opened = await openApp(browser, url);
    const { page } = opened;
    await page.setInputFiles('#model-file', model);
    await grouped(page);
    await page.click('#take-sample');
    await isRead(page, 'sample.csv');
  });
  afterAll(async () => opened?.page.context().close());

  it('gives the same scores as Node', async () => {
    const { page } = opened;
    await page.click('#somebody');
    await reasoned(page);
    const user = /^What (.+) had$/.exec(await textOf(page, '#history-title'))![1];
    const { known } = recommender.historyOf({ user });
    const history = known.map((index) => recommender.parts.items.ids[index]);
    const { items } = await recommender.recommend({ history });
    const shown = await recommended(page);
    expect(shown.map(({ item }) => item)).toEqual(items.map(({ item }) => item));
    for (const [i, { score }] of shown.entries()) expect(Math.abs(score - items[i].score)).toBeLessThan(1e-5);
  });

  it('has a name for every control', async () => {
    const { page } = opened;
    // Open, so that what is in them is looked at as well.
    for (const fold of await page.locator('main details:not([open]) > summary').all())
      if (await fold.isVisible()) await fold.click();
    const nameless = await page.evaluate(() =>
      [
        ...document.querySelectorAll<HTMLElement>(
          'button, input, select, progress, summary, a, svg[role=img]',
        ),
      ]
        .filter((element) => {
          const labels = (element as HTMLInputElement).labels ?? [];
          const named =
            [...labels].map((label) => label.textContent).join('') || element.getAttribute('aria-label');
          return !(named || element.textContent)?.trim();
        })
        .map((element) => element.outerHTML),
    );
    expect(nameless).toEqual([]);
  });

  it.each([
    ['light', 1100],
    ['dark', 1100],
    ['light', 360],
    ['dark', 360],
  ] as const)('fits and can be read, %s, %d px', async (scheme, width) => {
    const { page, problems } = opened;
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: scheme });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    const pictures = [];
    for (const at of ['header', '#log', '#choice', '#curve', '#results', '#taste', '#map', '#checks'])
      pictures.push(await picture(page, `${scheme}-${width}-${at.replace('#', '')}`, at));
    for (const bytes of pictures) expect(bytes.length).toBeGreaterThan(5000);
    const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const [red] = /\d+/.exec(paper)!;
    if (scheme === 'dark') expect(Number(red)).toBeLessThan(60);
    else expect(Number(red)).toBeGreaterThan(200);
    const overlaps = await page.evaluate(() =>
      [...document.querySelectorAll('svg')].flatMap((svg) => {
        const texts = [...svg.querySelectorAll('text')].map(
          (text) => [text.textContent, text.getBoundingClientRect()] as const,
        );
        return texts.flatMap(([name, a], i) =>
          texts
            .slice(i + 1)
            .filter(([, b]) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
            .map(([other]) => `${name} / ${other}`),
        );
      }),
    );
    expect(overlaps).toEqual([]);
    const faint = await page.evaluate(() => {
      const numbers = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
      const light = ([r, g, b]: number[]) => {
        const [x, y, z] = [r, g, b].map((c) =>
          c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4,
        );
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
      };
      const behind = (element: Element | null): number[] => {
        if (!element) return [255, 255, 255];
        const found = numbers(getComputedStyle(element).backgroundColor);
        return found[3] === 0 ? behind(element.parentElement) : found;
      };
      return [...document.querySelectorAll<HTMLElement>('header *, main *, footer *')]
        .filter((element) => element.checkVisibility?.() && !(element as HTMLButtonElement).disabled)
        .filter((element) =>
          [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent!.trim()),
        )
        .flatMap((element) => {
          const style = getComputedStyle(element);
          const ink = element instanceof SVGElement ? style.fill : style.color;
          const [a, b] = [light(numbers(ink)), light(behind(element))];
          const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          return contrast < 4.5
            ? [`${element.tagName} ${element.textContent!.slice(0, 30)}: ${contrast.toFixed(2)}`]
            : [];
        });
    });
    expect(faint).toEqual([]);
    expect(problems).toEqual([]);
  });

  it('saves a report', async () => {
    const { page, problems } = opened;
    const [download] = await Promise.all([
      page.waitForEvent('download', { timeout: 60_000 }),
      page.click('#report'),
    ]);
    expect(download.suggestedFilename()).toBe('report.html');
    const html = await readFile(await download.path(), 'utf8');
    for (const title of ['Training', 'How good it is', 'Groups of users', 'Some users, and why'])
      expect(html).toContain(`<h2>${title}</h2>`);
    expect(problems).toEqual([]);
  });
});

it('can be worked from the keyboard alone', async () => {
  const { page } = await openApp(browser, url);
  const focused = () => page.evaluate(() => document.activeElement!.id);
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('take-sample');
  await page.keyboard.press('Enter');
  await isRead(page, 'sample.csv');
  const tabTo = async (id: string) => {
    for (let i = 0; i < 40 && (await focused()) !== id; i++) await page.keyboard.press('Tab');
    expect(await focused()).toBe(id);
  };
  await tabTo('log-files');
  await tabTo('model-mlp');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  expect(await focused()).toBe('model-itemknn');
  await tabTo('train');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#results:not([hidden])', { timeout: 60_000 });
  await tabTo('search');
  await page.keyboard.type('planet');
  await page.waitForFunction(() => /Planet/.test(document.querySelector('#found button')!.textContent!));
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('#history li').length === 1);
  // What is pressed is replaced; the keyboard stays where it was.
  await reasoned(page);
  await page.locator('#recommended button').nth(2).focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('#history li').length === 2);
  await reasoned(page);
  expect(await page.evaluate(() => document.activeElement!.closest('ol')?.id)).toBe('recommended');
  await page.locator('#history button').last().focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('#history li').length === 0);
  expect(await focused()).toBe('search');
  await page.context().close();
});

it('takes JSON lines that are dropped, and Parquet', async () => {
  const { page, problems } = await openApp(browser, url);
  const pairs = Array.from({ length: 300 }, (_, n) => ({ user: `u${n % 30}`, item: `i${(n * 7) % 41}` }));
  const lines = pairs.map((pair) => JSON.stringify(pair)).join('\n');
  const dropped = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], 'events.jsonl'));
    return transfer;
  }, lines);
  await page.dispatchEvent('body', 'drop', { dataTransfer: dropped });
  await isRead(page, 'events.jsonl');
  expect(await textOf(page, '#log-said')).toBe('events.jsonl: 30 users, 41 items, 300 interactions.');
  const columns = ['user', 'item'].map((name) => ({ name, data: pairs.map((pair) => pair[name as 'user']) }));
  const buffer = Buffer.from(parquetWriteBuffer({ columnData: columns }));
  await page.setInputFiles('#log-files', {
    name: 'events.parquet',
    mimeType: 'application/octet-stream',
    buffer,
  });
  await isRead(page, 'events.parquet');
  expect(await textOf(page, '#log-said')).toBe('events.parquet: 30 users, 41 items, 300 interactions.');
  expect(problems).toEqual([]);
  await page.context().close();
});

it('verifies every kernel in the page, against the reference', async () => {
  const { page, problems } = await openApp(browser, url);
  await page.click('#verify');
  await page.waitForFunction(
    () => /cases right/.test(document.querySelector('#verify-text')!.textContent!),
    undefined,
    {
      timeout: 120_000,
    },
  );
  const [, right, cases] = /^(\d+) of (\d+) cases right on (?!CPU)/.exec(await textOf(page, '#verify-text'))!;
  expect(Number(cases)).toBeGreaterThan(300);
  expect(right).toBe(cases);
  expect(await page.locator('#verified tbody tr.right').count()).toBeGreaterThan(20);
  expect(await page.locator('#verified tbody tr.wrong').count()).toBe(0);
  expect(problems).toEqual([]);
  await page.context().close();
});

describe('what is served', () => {
  const folder = fileURLToPath(new URL('../../dist/app/', import.meta.url));

  it('weighs less than 200 kB packed, library included', async () => {
    let bytes = 0;
    for (const name of await readdir(folder))
      bytes += gzipSync(await readFile(folder + name), { level: 9 }).length;
    expect(bytes).toBeLessThan(200_000);
  });

  it('has nothing inline, and a policy that allows nothing but itself', async () => {
    const html = await readFile(`${folder}index.html`, 'utf8');
    expect(html).toContain(`content="default-src 'self'; connect-src 'self';`);
    expect(html).not.toMatch(/<script>|<style|\sstyle=|\son\w+=|javascript:|https?:/);
    const { headers } = await fetch(url);
    expect(headers.get('content-security-policy')).toContain("default-src 'self'; connect-src 'self';");
    // Nor is anything loaded later from within.
    for (const name of ['app.js', 'worker.js']) {
      const text = await readFile(folder + name, 'utf8');
      expect(text).not.toMatch(
        /\bimport\s*\(|\beval\s*\(|new Function\b|\.innerHTML\b|insertAdjacentHTML|WebAssembly/,
      );
    }
  });
});
