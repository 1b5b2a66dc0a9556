import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { failure, type Running, start, temporaryFolder } from './helpers.js';

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

/** What it prints first. */
const firstLine = ({ child, ended }: Running): Promise<string> =>
  new Promise((resolve, reject) => {
    child.stdout!.on('data', (text: string) => resolve(text));
    void ended.then(({ stderr }) => reject(new Error(stderr)));
  });

it('serves the page on this machine only, nothing besides, until Ctrl-C', async () => {
  const running = start(['app', '--port', '0', '--json'], { cwd: folder });
  const { url } = JSON.parse(await firstLine(running)) as { url: string };
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  const page = await fetch(url);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const html = await page.text();
  const stated = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)![1];
  expect(page.headers.get('content-security-policy')).toBe(`${stated}; frame-ancestors 'none'`);
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');

  const script = await fetch(`${url}app.js`);
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  for (const path of ['nothing.js', '..%2fcli.js', '%2e%2e/cli.js', 'app.js/', 'package.json'])
    expect((await fetch(url + path)).status, path).toBe(404);
  expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(405);
  const head = await fetch(url, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);

  running.child.kill('SIGINT');
  expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
});

it('says that others can open it where they can', async () => {
  const running = start(['app', '--port', '0', '--host', '0.0.0.0'], { cwd: folder });
  expect(await firstLine(running)).toMatch(/^http:\/\/0\.0\.0\.0:\d+\/\n$/);
  running.child.kill('SIGINT');
  expect((await running.ended).stderr).toContain('whoever reaches this machine can open the page');
});

it('says which port cannot be had, and what to do about it', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const port = String((other.address() as AddressInfo).port);
  expect(await failure(['app', '--port', port], { cwd: folder })).toMatchObject({
    exit: 2,
    code: 'CONFIG',
    message: `port ${port} of 127.0.0.1 cannot be had: it is in use`,
    remedy: 'Give another --port, or --port 0 for one that is free.',
  });
  other.close();
  expect(await failure(['app', '--port', '70000'], { cwd: folder })).toMatchObject({
    exit: 2,
    code: 'CONFIG',
  });
});
