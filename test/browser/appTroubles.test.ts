import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleCsv, sampleLog } from '../../src/data/sample.js';
import { isMadeOfLog, MODEL_NAMES } from '../../src/model/registry.js';
import { decodeModel } from '../../src/store/modelFile.js';
import { done, type Running, temporaryFolder } from '../cli/helpers.js';
import { isRead, openApp, reasoned, recommended, startApp, textOf, trained } from './app.js';
import { openChromium } from './chromium.js';

let browser: Browser;
let running: Running;
let url: string;
let folder: string;
let remove: () => Promise<void>;
let page: Page;
let problems: string[];

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
  ({ url, running } = await startApp(folder));
  browser = await openChromium();
  ({ page, problems } = await openApp(browser, url));
});
afterAll(async () => {
  await browser?.close();
  running?.child.kill('SIGTERM');
  await running?.ended;
  await remove?.();
});

/** A small log, so that a round takes a moment only. */
const small = sampleCsv(sampleLog({ users: 300, items: 100 })).log;
const tiny = sampleCsv(sampleLog({ users: 80, items: 48 })).log;
const choose = (page: Page, name: string, text: string) =>
  page.setInputFiles('#log-files', { name, mimeType: 'text/plain', buffer: Buffer.from(text) });
async function take(page: Page, log: string): Promise<void> {
  await choose(page, 'log.csv', log);
  await isRead(page, 'log.csv');
}

/** Makes the worker remember its device, and a function that destroys it as a driver's crash would. */
const watchDevice = (): Promise<void> =>
  page.workers()[0].evaluate(() => {
    const { createBuffer } = GPUDevice.prototype;
    GPUDevice.prototype.createBuffer = function (descriptor) {
      Object.assign(globalThis, { device: this });
      return createBuffer.call(this, descriptor);
    };
  });
const loseDevice = (): Promise<void> =>
  page.workers()[0].evaluate(() => (globalThis as unknown as { device: GPUDevice }).device.destroy());

describe('a device that is lost', () => {
  it('is replaced, and the training goes on after its last round', async () => {
    await watchDevice();
    await take(page, small);
    await page.fill('#train-epochs', '12');
    await page.click('#train');
    await page.waitForFunction(() =>
      /^round [3-9] /.test(document.querySelector('#training-text')!.textContent!),
    );
    await loseDevice();
    await trained(page);
    const said = await textOf(page, '#notices');
    const [, round] = /device was lost\. A new one is opened; training goes on after epoch (\d+)\./.exec(
      said,
    )!;
    expect(Number(round)).toBeGreaterThanOrEqual(1);
    // The curve has every round, once.
    const rounds = await page.$$eval('#curve figure:first-child tbody tr td:first-child', (cells) =>
      cells.map((cell) => Number(cell.textContent)),
    );
    expect(rounds).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    await loseDevice();
    const before = await recommended(page);
    await page.click('#somebody');
    await reasoned(page);
    expect(await recommended(page)).not.toEqual(before);
    expect(await textOf(page, '#notices')).toContain('the model is loaded again');
  });
});

describe('a browser without WebGPU', () => {
  it('says what to do about it, and trains every model that is offered on the CPU', async () => {
    const without = await openChromium({ webgpu: false });
    try {
      const opened = await openApp(without, url);
      const { page } = opened;
      expect(await textOf(page, '#notices')).toMatch(/no WebGPU here.*Chrome.*chrome:\/\/flags.*CPU/);
      expect(await textOf(page, '#device')).toBe('Computes on the CPU.');
      await take(page, tiny);
      await page.click('#more summary');
      const names = await page.$$eval('input[name=model]', (inputs) => inputs.map((input) => input.id));
      expect(names.map((name) => name.replace('model-', '')).sort()).toEqual(
        MODEL_NAMES.filter(isMadeOfLog).sort(),
      );
      for (const name of names) {
        await page.click(`label[for=${name}]`);
        if (await page.locator('#train-epochs').count()) await page.fill('#train-epochs', '2');
        await page.click('#train');
        await trained(page);
        expect(await textOf(page, '#metrics table')).toContain(name.replace('model-', ''));
      }
      expect(opened.problems).toEqual([]);
    } finally {
      await without.close();
    }
  });
});

describe('a training that is stopped', () => {
  it('keeps what it has learned, measured as ever', async () => {
    await take(page, small);
    await page.fill('#train-epochs', '5000');
    await page.click('#advanced summary');
    await page.fill('#train-patience', '0');
    await page.click('#train');
    await page.waitForFunction(() =>
      /^round [3-9]/.test(document.querySelector('#training-text')!.textContent!),
    );
    await page.click('#stop');
    await trained(page);
    const [, best, rounds] = /weights of epoch (\d+) of (\d+)/.exec(await textOf(page, '#metrics'))!;
    expect(Number(best)).toBe(Number(rounds));
    expect(Number(rounds)).toBeGreaterThanOrEqual(1);
    expect(Number(rounds)).toBeLessThan(5000);
  });

  it('says so where there is nothing to keep yet; the model of before still answers', async () => {
    const before = await textOf(page, '#metrics');
    await page.click('#take-sample');
    await isRead(page, 'sample.csv');
    await page.click('#train');
    await page.click('#stop');
    await page.waitForFunction(() =>
      /anything to keep/.test(document.querySelector('#notices')!.textContent!),
    );
    expect(await page.isVisible('#results')).toBe(true);
    expect(await textOf(page, '#metrics')).toBe(before);
    expect(await page.isEnabled('#train')).toBe(true);
  });
});

describe('what cannot be read', () => {
  it('is said with what to do about it, and the way stays open', async () => {
    await choose(page, '<b>log</b>.zip', 'PK\u0003\u0004 and so on');
    await page.waitForSelector('#log-error .error');
    const error = await textOf(page, '#log-error .error');
    expect(error).toMatch(/<b>log<\/b>\.zip.*LOG_FORMAT/);
    expect(await page.locator('#log-error b').count()).toBe(0);
    await page.setInputFiles('#model-file', {
      name: 'model.safetensors',
      mimeType: 'application/octet-stream',
      buffer: Buffer.from('this is no model'),
    });
    await page.waitForFunction(() => /MODEL_/.test(document.querySelector('#log-error')!.textContent!));
    await page.click('#reading summary');
    await page.fill('#min-value', '4');
    await choose(page, 'log.csv', small);
    await page.waitForFunction(() => /CONFIG/.test(document.querySelector('#log-error')!.textContent!));
    // Options of the command line are called what they are called here.
    expect(await textOf(page, '#log-error')).toContain('“Rating or amount column”');
    await page.fill('#min-value', '');
    await take(page, small);
    expect(await textOf(page, '#log-error')).toBe('');
    await page.fill('#option-dropout', '7');
    await page.click('#train');
    await page.waitForSelector('#train-error .error');
    expect(await textOf(page, '#train-error')).toMatch(/dropout is 7/i);
    expect(problems).toEqual([]);
  });
});

it('trains with the options that were set, into a file that the command line evaluates on the same log', async () => {
  await page.fill('#option-dropout', '0.3');
  await page.fill('#option-hidden', '24, 12');
  await page.selectOption('#option-loss', 'multinomial');
  await page.selectOption('#split', 'leaveLastOut');
  await page.fill('#train-seed', '5');
  await page.fill('#train-epochs', '3');
  await page.click('#train');
  await page.waitForSelector('#results', { state: 'hidden' });
  await trained(page);
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#export')]);
  await download.saveAs(join(folder, 'model.safetensors'));
  await writeFile(join(folder, 'log.csv'), small);
  const { config, manifest } = await decodeModel(await readFile(join(folder, 'model.safetensors')));
  const [hidden, loss, output] = [[24, 12], 'multinomial', 'softmax'];
  expect(config).toMatchObject({ hidden, loss, output, dropout: 0.3, activation: 'relu' });
  expect(manifest).toMatchObject({
    seed: 5,
    splitOptions: { name: 'leaveLastOut', seed: 5, validation: 0.1, test: 0.1 },
    data: { files: ['log.csv'] },
  });
  const { test } = manifest as unknown as { test: { metrics: Record<string, { mean: number }> } };
  const evaluated = await done(
    ['evaluate', 'model.safetensors', 'log.csv', '--device', 'cpu', '--metrics', 'ndcg@100', '--json'],
    { cwd: folder },
  );
  const { metrics } = JSON.parse(evaluated.stdout);
  expect(Math.abs(metrics['ndcg@100'].mean - test.metrics['ndcg@100'].mean)).toBeLessThan(1e-3);
});

it('says so when its worker cannot be had', async () => {
  const other = await browser.newPage();
  await other.route('**/worker.js', (route) => route.fulfill({ status: 404 }));
  await other.goto(url);
  await other.waitForSelector('#log-error .error');
  expect(await textOf(other, '#log-error')).toContain('WORKER_FAILED');
  await other.close();
});
