import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type * as Foldin from '../../src/index.js';
import type { PlannedWindow } from '../../src/train/plan.js';
import { expectedWindow, planSpec } from '../train/plans.js';
import { openChromium, serveDist } from './chromium.js';

let browser: Browser;
let server: Server;
let url: string;
beforeAll(async () => {
  ({ server, url } = await serveDist());
  browser = await openChromium();
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

/** A page with the library, and what its console and its policy complained about. */
async function openPage(): Promise<{ page: Page; problems: string[] }> {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(url);
  await page.waitForFunction('globalThis.foldin');
  return { page, problems };
}

it.each([{ weighted: false }, { weighted: true }])(
  'the worker plans in the page, %o, byte for byte as the reference does',
  async (kind) => {
    const spec = planSpec(kind);
    const { histories, values, ...rest } = spec;
    const { rows, columns } = histories;
    const plain = {
      ...rest,
      rows,
      columns,
      indptr: [...histories.indptr],
      indices: [...histories.indices],
      values: values && [...values],
    };
    const asked = [0, 1, 2].flatMap((epoch) => [0, 1, 2].map((index) => [epoch, index]));
    const { page } = await openPage();
    const found = await page.evaluate(
      async ({ plain, asked }) => {
        const { rows, columns, indptr, indices, values, ...rest } = plain;
        const worker = new Worker('/planWorker.browser.js', { type: 'module' });
        const histories = {
          rows,
          columns,
          indptr: Uint32Array.from(indptr),
          indices: Uint32Array.from(indices),
        };
        worker.postMessage({ spec: { ...rest, histories, values: values && Float32Array.from(values) } });
        const windows: object[] = [];
        let memory: Pick<PlannedWindow, 'starts' | 'entries'> | undefined;
        for (const [epoch, index] of asked) {
          const reply = new Promise<PlannedWindow>((resolve, reject) => {
            worker.onmessage = ({ data }) => resolve(data);
            worker.onerror = ({ message }) => reject(new Error(message));
          });
          const transfer = memory ? [memory.starts.buffer, memory.entries.buffer] : [];
          worker.postMessage({ epoch, index, memory }, transfer as ArrayBuffer[]);
          const { firstStep, steps, last, order, starts, entries } = await reply;
          windows.push({
            firstStep,
            steps,
            last,
            order: [...order],
            starts: [...starts],
            entries: [...entries],
          });
          // The second window lies in the memory of the first, and so on.
          memory = {
            starts: new Uint32Array(starts.buffer),
            entries: new Uint32Array(entries.buffer),
          };
        }
        worker.terminate();
        return windows;
      },
      { plain, asked },
    );
    expect(found).toEqual(asked.map(([epoch, index]) => expectedWindow(spec, epoch, index)));
    await page.close();
  },
);

/** Trains in the page and returns the model file's bytes as text, or the error. */
const train = (page: Page, planner: 'inline' | 'worker') =>
  page.evaluate(async (planner) => {
    const { foldin } = globalThis as unknown as { foldin: typeof Foldin };
    const { log } = foldin.sampleCsv(foldin.sampleLog({ users: 120, items: 60 }));
    const read = await foldin.readLog([foldin.memorySource('sample.csv', log)]);
    const { interactions } = foldin.clean(read.rows);
    const backend = await foldin.createBackend({ device: 'auto' });
    try {
      const { recommender } = await foldin.fit(backend, interactions, {
        train: { epochs: 4, batch: 30 },
        planner,
      });
      return { bytes: [...(await foldin.encodeModel(await recommender.contents()))], error: undefined };
    } catch (error) {
      const { code, message, remedy } = error as Foldin.FoldinError;
      return { bytes: undefined, error: { code, message, remedy } };
    } finally {
      backend.dispose();
    }
  }, planner);

it('trains with a worker to the same bytes, where the page allows only what is its own', async () => {
  const { page, problems } = await openPage();
  const requests: string[] = [];
  page.on('request', (request) => requests.push(new URL(request.url()).pathname));
  const inline = await train(page, 'inline');
  expect(requests).toEqual([]);
  const worker = await train(page, 'worker');
  expect(inline.bytes!.length).toBeGreaterThan(1000);
  expect(worker).toEqual(inline);
  expect(requests).toEqual(['/planWorker.browser.js']);
  // It ended with the training.
  await expect.poll(() => page.workers()).toEqual([]);
  expect(problems).toEqual([]);
  await page.close();
});

it('is WORKER_FAILED where the worker is not served', async () => {
  const { page, problems } = await openPage();
  await page.route('**/planWorker.browser.js', (route) => route.fulfill({ status: 404 }));
  const { error } = await train(page, 'worker');
  expect(error).toMatchObject({
    code: 'WORKER_FAILED',
    message: 'planning failed: the worker could not be loaded',
    remedy: expect.stringContaining('planWorker.browser.js'),
  });
  expect(problems).toEqual([]);
  await page.close();
});

it('is bundled for pages from the root entry, too, with nothing of Node in it', async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['dist/index.js'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    outfile: 'app.js',
    tsconfigRaw: {},
    logLevel: 'silent',
  });
  const inputs = Object.keys(metafile.inputs);
  expect(inputs).toEqual(expect.arrayContaining(['dist/adapter.browser.js', 'dist/planThread.browser.js']));
  // Packages that read files have a part for Node; it must not come along.
  expect(inputs.filter((path) => /\.?node\.m?js$/.test(path))).toEqual([]);
  expect(outputFiles[0].text).not.toMatch(/["']node:/);
  expect(outputFiles[0].text).toContain('./planWorker.browser.js');
  // Of one file, so that whoever serves it needs no other.
  expect(await readFile(`${root}dist/planWorker.browser.js`, 'utf8')).not.toMatch(/\bimport\b/);
});
