import type { Server } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type * as Foldin from '../../src/index.js';
import { openChromium, serveDist } from './chromium.js';

let browser: Browser;
let server: Server;
let page: Page;
const problems: string[] = [];

beforeAll(async () => {
  const served = await serveDist();
  server = served.server;
  browser = await openChromium();
  page = await browser.newPage();
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(served.url);
  await page.waitForFunction('globalThis.foldin');
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

it('trains, saves, loads and recommends in the page, and asks the network for nothing', async () => {
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  const result = await page.evaluate(async () => {
    const { foldin } = globalThis as unknown as { foldin: typeof Foldin };
    const { log } = foldin.sampleCsv(foldin.sampleLog({ users: 200, items: 80 }));
    const read = await foldin.readLog([foldin.memorySource('sample.csv', log)]);
    const { interactions } = foldin.clean(read.rows);
    const backend = await foldin.createBackend({ device: 'auto' });
    const { recommender, test } = await foldin.fit(backend, interactions, {
      train: { epochs: 15, batch: 50 },
    });
    const bytes = await foldin.encodeModel(await recommender.contents());
    const loaded = foldin.Recommender.load(backend, await foldin.decodeModel(bytes));
    const who = { user: interactions.users.ids[0] };
    const [first, again] = [await recommender.recommend(who), await loaded.recommend(who)];
    backend.dispose();
    return {
      first,
      again,
      mlp: test!.model.metrics['ndcg@100'].mean,
      popular: test!.popular.metrics['ndcg@100'].mean,
    };
  });
  expect(result.first.items).toHaveLength(10);
  expect(result.again).toEqual(result.first);
  expect(result.mlp).toBeGreaterThan(result.popular);
  expect(requests).toEqual([]);
  expect(problems).toEqual([]);
});
