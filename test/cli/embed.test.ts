import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { done, failure, makeModel, temporaryFolder } from './helpers.js';

let cwd: string;
let remove: () => Promise<void>;
let asked: string[];
/** After so many texts the server is gone. */
let lasts: number;
let server: Server;
let flags: string[];
beforeAll(async () => {
  ({ folder: cwd, remove } = await temporaryFolder());
  await makeModel(cwd);
  server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { input } = JSON.parse(text) as { input: string[] };
    if (asked.length + input.length > lasts) return void response.writeHead(400).end('gone');
    asked.push(...input);
    const data = input.map((words) => ({ embedding: [words.length, words.charCodeAt(4), 1, 0.5] }));
    response.end(JSON.stringify({ data }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  flags = ['--endpoint', endpoint, '--model', 'tiny', '--batch', '10'];
});
beforeEach(() => {
  asked = [];
  lasts = Number.POSITIVE_INFINITY;
});
afterAll(async () => {
  server?.close();
  await remove();
});

it('fetches vectors, goes on where it was cut off, and trains with them', async () => {
  lasts = 25;
  const embed = ['embed', 'items.csv', ...flags, '--out', 'v.safetensors'];
  expect(await failure(embed, { cwd })).toMatchObject({ code: 'EMBED_FAILED' });
  // Nothing half-written, nothing lost.
  expect(existsSync(join(cwd, 'v.safetensors'))).toBe(false);
  expect((await readdir(cwd)).filter((name) => name.includes('.tmp'))).toEqual([]);
  expect(asked).toHaveLength(20);
  lasts = Number.POSITIVE_INFINITY;
  asked = [];
  const made = await done(embed, { cwd });
  const titles = new Set(
    (await readFile(join(cwd, 'items.csv'), 'utf8'))
      .trim()
      .split('\n')
      .slice(1)
      .map((row) => row.split(',')[1]),
  );
  expect(made.stdout).toMatch(/48 vectors of 4 numbers, 2\d of them fetched before/);
  expect(asked).toHaveLength(titles.size - 20);

  const args = ['--model', 'content', '--item-vectors', 'v.safetensors', '--device', 'cpu', '--epochs', '3'];
  const trained = await done(['train', 'log.csv', ...args, '--out', 'm.safetensors'], { cwd });
  expect(trained.stderr).toMatch(/48 of 48 items known by v\.safetensors \(vector, 4\)/);
});

it('joins columns, leaves items without text out, and asks again with --no-cache', async () => {
  await writeFile(join(cwd, 'few.csv'), 'item,title,category\na,One,x\nb,,\nc,Three,z\n');
  const columns = ['--column', 'title', '--column', 'category', '--no-cache'];
  for (let run = 0; run < 2; run++) {
    asked = [];
    const made = await done(['embed', 'few.csv', ...columns, ...flags, '--out', 'few.safetensors'], { cwd });
    expect(made.stdout).toMatch(/2 vectors of 4 numbers; 1 items have no text/);
    expect(asked).toEqual(['One x', 'Three z']);
  }
});

it.each([
  [['--column', 'plot', '--out', 'n.safetensors'], 'COLUMN_MISSING', /no column "plot"/],
  [[], 'USAGE', /--out/],
] as const)('refuses %o before a server is asked', async (args, code, message) => {
  const found = await failure(['embed', 'items.csv', ...args, ...flags], { cwd });
  expect(found).toMatchObject({ code, message: expect.stringMatching(message) });
  expect(asked).toEqual([]);
});
