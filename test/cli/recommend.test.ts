import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { done, lines, makeModel, temporaryFolder } from './helpers.js';

let cwd: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder: cwd, remove } = await temporaryFolder());
  await makeModel(cwd);
});
afterAll(() => remove());

const json = async (args: string[]) => JSON.parse((await done([...args, '--json'], { cwd })).stdout);
const text = async (...args: string[]) => done(args, { cwd });
const CPU = ['--device', 'cpu'];

describe.concurrent('recommend', () => {
  const ask = (...args: string[]) => json(['recommend', 'model.safetensors', ...args, ...CPU]);

  it('ranks unseen items for users of the log', async () => {
    const [one, two] = await ask('--user', 'u0001', 'u0002', '-k', '3');
    expect(one).toEqual({
      user: 'u0001',
      items: Array(3).fill({
        item: expect.any(String),
        score: expect.any(Number),
        title: expect.any(String),
      }),
      source: 'model',
      unknownItems: [],
      shortfall: 0,
    });
    expect(two.user).toBe('u0002');
    const seen = lines(await readFile(join(cwd, 'log.csv'), 'utf8'))
      .filter((line) => line.startsWith('u0001,'))
      .map((line) => line.split(',')[1]);
    for (const { item } of one.items) expect(seen).not.toContain(item);
    const [withSeen] = await ask('--user', 'u0001', '--with-seen', '-k', '48');
    expect(withSeen.items.some(({ item }: { item: string }) => seen.includes(item))).toBe(true);
  });

  it('prints a table with titles', async () => {
    const { stdout } = await text('recommend', 'model.safetensors', '--user', 'u0001', '-k', '2', ...CPU);
    expect(lines(stdout)[0]).toMatch(/^rank +item +title +score$/);
    expect(lines(stdout)[1]).toMatch(/^ +1 +b00\d\d +The [\w ]+ +-?\d\.\d{4}$/);
    expect(lines(stdout)).toHaveLength(3);
  });

  it('serves a history, lists what it does not know, and falls back when it knows nothing', async () => {
    const [known] = await ask('--history', 'b0001,nix', '--history', 'b0002', '--exclude', 'b0003');
    expect(known).toMatchObject({ source: 'model', unknownItems: ['nix'], shortfall: 0 });
    expect(known).not.toHaveProperty('user');
    const given = known.items.map(({ item }: { item: string }) => item);
    for (const item of ['b0001', 'b0002', 'b0003']) expect(given).not.toContain(item);
    const [unknown] = await ask('--history', 'nix', '--include', 'b0004,b0005');
    expect(unknown.source).toBe('fallback');
    expect(unknown.items).toHaveLength(2);
    expect(unknown.shortfall).toBe(8);
  });

  it('gives all allowed items when k is larger, and says so', async () => {
    const [{ items, shortfall }] = await ask('--history', 'b0001', '-k', '1000');
    expect(items.length + shortfall).toBe(1000);
    expect(items.length).toBeGreaterThan(30);
    const { stderr } = await text(
      'recommend',
      'model.safetensors',
      '--history',
      'b0001',
      '-k',
      '1000',
      ...CPU,
    );
    expect(stderr).toMatch(/only \d+ of the 1,000 items asked for/);
  });

  it('writes everyone to CSV and JSON lines, as asked one by one', async () => {
    await text('recommend', 'model.safetensors', '--all', '--out', 'all.csv', '-k', '2', ...CPU);
    await text('recommend', 'model.safetensors', '--all', '--out', 'all.jsonl', '-k', '2', ...CPU);
    const csv = lines(await readFile(join(cwd, 'all.csv'), 'utf8'));
    const jsonl = lines(await readFile(join(cwd, 'all.jsonl'), 'utf8')).map((line) => JSON.parse(line));
    expect(csv[0]).toBe('user,rank,item,score');
    expect(csv).toHaveLength(1 + 240);
    expect(jsonl).toHaveLength(120);
    const [one] = await ask('--user', 'u0007', '-k', '2');
    const mine = jsonl.find(({ user }) => user === 'u0007');
    expect(mine).toEqual(one);
    expect(csv.filter((line) => line.startsWith('u0007,'))).toEqual(
      one.items.map(
        ({ item, score }: { item: string; score: number }, i: number) => `u0007,${i + 1},${item},${score}`,
      ),
    );
  });

  it('takes an id with a comma whole', async () => {
    const log = Array.from({ length: 60 }, (_, u) => [
      `u${u},"Smith, J"`,
      `u${u},b${u % 3}`,
      `u${u},b${(u + 1) % 3}`,
    ]);
    await done(['train', '-', '--model', 'popular', '--out', 'comma.safetensors', '--device', 'cpu'], {
      cwd,
      input: `user,item\n${log.flat().join('\n')}\n`,
    });
    const [{ items, unknownItems }] = await json([
      'recommend',
      'comma.safetensors',
      '--history',
      'Smith, J',
      '--history',
      'b0,b1',
      ...CPU,
    ]);
    expect(unknownItems).toEqual([]);
    expect(items.map(({ item }: { item: string }) => item)).toEqual(['b2']);
  });
});

describe.concurrent('score', () => {
  it('is the score that ranks', async () => {
    const [{ items }] = await json(['recommend', 'model.safetensors', '--user', 'u0001', '-k', '1', ...CPU]);
    const [{ item, score }] = items;
    const args = ['score', 'model.safetensors', '--user', 'u0001', '--item', item, ...CPU];
    const found = await json(args);
    expect(Object.keys(found)).toEqual(['user', 'item', 'score']);
    expect(found).toMatchObject({ user: 'u0001', item });
    expect(found.score).toBeCloseTo(score, 5);
    expect((await text(...args)).stdout).toMatch(
      new RegExp(`^${item} "The .*": score ${score.toFixed(4)}\nrank \\d+ of \\d+`),
    );
    const byHistory = await json([
      'score',
      'model.safetensors',
      '--history',
      'b0001,b0002',
      '--item',
      item,
      ...CPU,
    ]);
    expect(byHistory).toEqual({ item, score: expect.any(Number) });
  });

  it('comes with the probability where the model tells one', async () => {
    const small = ['--factors', '4', '--hidden', '4', '--epochs', '2', '--patience', '0'];
    await text('train', 'log.csv', '--model', 'neumf', ...small, '--out', 'neumf.safetensors', ...CPU);
    const args = ['score', 'neumf.safetensors', '--history', 'b0001,b0002', '--item', 'b0007', ...CPU];
    const { score, probability, ...rest } = await json(args);
    expect(rest).toEqual({ item: 'b0007' });
    expect(probability).toBeCloseTo(1 / (1 + Math.exp(-score)), 6);
    expect((await text(...args)).stdout).toMatch(
      new RegExp(`^b0007: score ${score.toFixed(4)}, probability ${probability.toFixed(4)}\nrank `),
    );
    // Of a history that the model knows nothing of, the score is a popularity.
    const unknown = ['score', 'neumf.safetensors', '--history', 'nothing', '--item', 'b0007', ...CPU];
    expect(Object.keys(await json(unknown))).toEqual(['item', 'score']);
  });
});
