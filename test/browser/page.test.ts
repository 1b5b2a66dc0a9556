import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sampleCsv, sampleLog } from '../../src/data/sample.js';
import type * as Foldin from '../../src/index.js';
import { root } from '../structure/repository.js';
import { openChromium, serveDist } from './chromium.js';

const LIBRARY_HEADERS = { 'content-type': 'text/javascript', 'access-control-allow-origin': '*' };

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

it('reads dropped files of every format as Node does, and asks the network for nothing', async () => {
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  const events = ['u1,007', 'u2,a', 'u1,😀'].map((event) => event.split(','));
  const columnData = ['user', 'item'].map((name, column) => ({
    name,
    data: events.map((event) => event[column]),
  }));
  const codecs = { GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)) };
  const csv = `user,item\n${events.map((event) => event.join(',')).join('\n')}\n`;
  const files: Record<string, Uint8Array> = {
    'log.csv': Buffer.from(csv),
    'log.csv.gz': Buffer.concat([gzipSync(csv.slice(0, 17)), gzipSync(csv.slice(17))]),
    'log.jsonl': Buffer.from(
      events.map(([user, item]) => JSON.stringify({ user, events: [{ item }] })).join('\n'),
    ),
    'log.parquet': new Uint8Array(parquetWriteBuffer({ columnData })),
    'gzip.parquet': new Uint8Array(parquetWriteBuffer({ columnData, codec: 'GZIP', compressors: codecs })),
    'log.inter': Buffer.from(csv.replace('user,item', 'user_id:token,item_id:token').replaceAll(',', '\t')),
    'lists.txt': Buffer.from('u1 007 😀\nu2 a\n'),
    'table.csv': Buffer.from(',007,a,😀\nu1,1,0,1\nu2,0,2,0\n'),
  };
  const packed = readFileSync(`${root}test/data/fixtures/frames.csv.zst`);
  const contents = Object.entries({ ...files, 'frames.csv.zst': packed }).map(
    ([name, bytes]) => [name, Buffer.from(bytes).toString('base64')] as const,
  );
  const found = await page.evaluate(async (all) => {
    const { foldin } = globalThis as unknown as { foldin: typeof Foldin };
    const pairs: Record<string, string> = {};
    for (const [name, base64] of all) {
      const file = new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name);
      const options = name === 'table.csv' ? { layout: 'matrix' as const } : {};
      const { interactions } = foldin.clean((await foldin.readLog([file], options)).rows);
      const { users, items, matrix } = interactions;
      pairs[name] =
        matrix.indices.length > 10
          ? `${matrix.rows} x ${matrix.columns}`
          : users.ids
              .flatMap((user, u) =>
                Array.from(
                  matrix.indices.subarray(matrix.indptr[u], matrix.indptr[u + 1]),
                  (i) => `${user} ${items.ids[i]}`,
                ),
              )
              .join();
    }
    return pairs;
  }, contents);
  const expected = Object.fromEntries(Object.keys(files).map((name) => [name, 'u1 007,u1 😀,u2 a']));
  expect(found).toEqual({ ...expected, 'frames.csv.zst': '97 x 601' });
  expect(requests).toEqual([]);
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

/** The example as a visitor gets it, on a site of its own; nothing listens there, so the test answers. */
async function visitExample(library: string): Promise<Page> {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const example = readFileSync(`${root}examples/page.html`, 'utf8');
  const visitor = await browser.newPage();
  await visitor.route('http://localhost/examples/page.html', (route) =>
    route.fulfill({ contentType: 'text/html', body: example.replace('../dist/foldin.browser.js', library) }),
  );
  await visitor.route('**/dist/foldin.browser.js', (route) =>
    route.fulfill({ path: `${root}dist/foldin.browser.js`, headers: LIBRARY_HEADERS }),
  );
  await visitor.goto('http://localhost/examples/page.html');
  await visitor.waitForFunction(() => document.querySelector<HTMLInputElement>('#log')!.onchange);
  return visitor;
}

it('runs the example', async () => {
  const visitor = await visitExample('../dist/foldin.browser.js');
  const { log } = sampleCsv(sampleLog({ users: 80, items: 48 }));
  await visitor.setInputFiles('#log', { name: 'log.csv', mimeType: 'text/csv', buffer: Buffer.from(log) });
  await visitor.waitForFunction(() =>
    /epoch 10: loss [\s\S]*b00/.test(document.querySelector('#out')!.textContent!),
  );
  await visitor.close();
});

it('can be imported from another site', async () => {
  // To a browser 127.0.0.1 is another site than localhost.
  const visitor = await visitExample('http://127.0.0.1/dist/foldin.browser.js');
  await visitor.close();
});
