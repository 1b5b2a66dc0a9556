import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { randomUniform } from '../../src/backend/random.js';
import { type Running, start } from '../cli/helpers.js';

/** The page as `foldin app` serves it. */
export async function startApp(cwd: string): Promise<{ url: string; running: Running }> {
  const running = start(['app', '--port', '0', '--json'], { cwd });
  const url = await new Promise<string>((resolve, reject) => {
    running.child.stdout!.on('data', (text: string) => resolve(JSON.parse(text).url));
    void running.ended.then(({ stderr }) => reject(new Error(stderr)));
  });
  return { url, running };
}

export interface OpenedPage {
  readonly page: Page;
  /** What the console said and what was thrown. */
  readonly problems: string[];
  /** What was asked of the network since the page was ready. */
  readonly requests: string[];
}

interface Look {
  readonly width?: number;
  readonly scheme?: 'light' | 'dark';
}

/** Opens the page in a context of its own and waits until it is ready. */
export async function openApp(browser: Browser, url: string, look: Look = {}): Promise<OpenedPage> {
  const { width = 1100, scheme = 'light' } = look;
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
  const page = await context.newPage();
  const problems: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(url);
  await ready(page);
  page.on('request', (request) => requests.push(request.url()));
  return { page, problems, requests };
}

export const ready = (page: Page): Promise<unknown> => page.waitForSelector('html[data-state=ready]');

/** Waits until a log of this name is read. */
export const isRead = (page: Page, name: string): Promise<unknown> =>
  page.waitForFunction(
    (start) => document.querySelector('#log-said')!.textContent!.startsWith(start),
    `${name}: `,
    LONG,
  );

/** Long enough for an adapter that runs on two busy cores. */
const LONG = { timeout: 60_000 };

export async function trained(page: Page): Promise<void> {
  await page.waitForSelector('#results:not([hidden])', LONG);
  await page.waitForSelector('#recommended li', LONG);
}

/** Waits until every recommendation has its reason. */
export const reasoned = (page: Page): Promise<unknown> =>
  page.waitForFunction(
    () => {
      const reasons = [...document.querySelectorAll('#recommended small')];
      return reasons.length > 0 && reasons.every(({ textContent }) => textContent !== '');
    },
    undefined,
    LONG,
  );

export const grouped = (page: Page): Promise<unknown> => page.waitForSelector('#groups svg', LONG);

/** What is recommended, with the whole score. */
export const recommended = (page: Page): Promise<{ item: string; title: string; score: number }[]> =>
  page.$$eval('#recommended li', (found) =>
    found.map((li) => ({
      item: li.getAttribute('data-item')!,
      title: li.querySelector('button')!.textContent!,
      score: Number(li.querySelector('data')!.getAttribute('value')),
    })),
  );

export const textOf = async (page: Page, selector: string): Promise<string> =>
  (await page.textContent(selector)) ?? '';

/** Takes a picture of what is at an element; it is kept where FOLDIN_SCREENSHOTS says, to be looked at. */
export async function picture(page: Page, name: string, at = 'body'): Promise<Buffer> {
  await page.$eval(at, (element) => element.scrollIntoView({ behavior: 'instant' }));
  const folder = process.env['FOLDIN_SCREENSHOTS'];
  if (folder) await mkdir(folder, { recursive: true });
  return page.screenshot(folder ? { path: join(folder, `${name}.png`) } : {});
}

/** A title that must be shown as it is, and never be markup. */
export const MARKUP = '<img src=x onerror="globalThis.broken=1"><b>Bold</b> & "quoted"';

/** A log of MovieLens 100K's size: 943 users, 1682 items, some 100,000 ratings; six tastes, a long tail. */
export function largeLog(): { log: string; titles: string } {
  const [users, items, tastes] = [943, 1682, 6];
  const lines = ['user_id,item_id,rating,timestamp'];
  for (let user = 0; user < users; user++) {
    const uniform = (use: number, n: number) => randomUniform(7, 901, user, use + 4 * n);
    const taste = user % tastes;
    const length = 20 - 86 * Math.log(1 - uniform(0, 0));
    const had = new Set<number>();
    for (let n = 1; had.size < Math.min(length, 700) && n < 4000; n++) {
      // Popularity falls with the rank; four of five come from the user's own sixth of the catalogue.
      const rank = Math.floor(items * uniform(1, n) ** 3);
      had.add(uniform(2, n) < 0.8 ? rank - (rank % tastes) + taste : rank);
    }
    for (const item of had) {
      if (item < items)
        lines.push(`${user + 1},${item + 1},${3 + (item % 3)},${880_000_000 + 1000 * user + item}`);
    }
  }
  const titles = ['item_id,title'];
  for (let item = 1; item <= items; item++) {
    titles.push(
      `${item},"${item === 1 ? MARKUP.replaceAll('"', '""') : `Film ${item} of kind ${(item - 1) % tastes}`}"`,
    );
  }
  return { log: `${lines.join('\n')}\n`, titles: `${titles.join('\n')}\n` };
}
