import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeModel } from '../../src/store/modelFile.js';
import { done, lines, makeModel, run, TINY, temporaryFolder } from './helpers.js';

let cwd: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder: cwd, remove } = await temporaryFolder());
  await makeModel(cwd);
});
afterAll(() => remove());

const json = async (args: string[], input?: string) =>
  JSON.parse((await done([...args, '--json'], { cwd, input })).stdout);
const text = async (...args: string[]) => done(args, { cwd });
const CPU = ['--device', 'cpu'];
const modelFile = async (name = 'model.safetensors') => decodeModel(await readFile(join(cwd, name)));

describe.concurrent('sample', () => {
  it('writes the same log for the same seed, another for another', async () => {
    const sizes = ['sample', '--users', '120', '--items', '48'];
    const written = await json([...sizes, '--seed', '3', '--out', 'again.csv']);
    expect(written).toMatchObject({ out: 'again.csv', users: 120, items: 48 });
    await text(...sizes, '--seed', '4', '--out', 'other.csv');
    const [log, again, other] = await Promise.all(
      ['log.csv', 'again.csv', 'other.csv'].map((file) => readFile(join(cwd, file), 'utf8')),
    );
    expect(again).toBe(log);
    expect(other).not.toBe(log);
    expect(lines(log)).toHaveLength(1 + written.interactions);
    expect(lines(log)[0]).toBe('user,item,time');
    expect(lines(await readFile(join(cwd, 'items.csv'), 'utf8'))[0]).toBe('item,title,category');
  });
});

describe.concurrent('inspect', () => {
  const log = 'user,item,rating\nu1,a,5\nu1,a,4\nu1,b,3\nu2,b,x\n';

  it('prints the contract in JSON, from standard input', async () => {
    expect(await json(['inspect', '-'], log)).toMatchObject({
      rows: { read: 4, kept: 3, dropped: { 'value is no plain number': 1 } },
      badRows: [{ file: 'standard input', line: 5 }],
      duplicates: 1,
      users: 1,
      items: 2,
      interactions: 2,
      density: 1,
      time: null,
      warnings: [{ code: 'BAD_ROWS', message: expect.any(String) }],
      plan: { model: 'mlp', bytes: expect.any(Number) },
    });
  });

  it('prints text, with the columns it found', async () => {
    const { stdout, stderr } = await text('inspect', 'log.csv');
    expect(stdout).toMatch(/^columns +user=user item=item time=time$/m);
    expect(stdout).toMatch(/^users +120$/m);
    expect(stderr).toBe('');
  });

  it('reads the columns it is told to', async () => {
    const report = await json(
      ['inspect', '-', '--no-header', '--user', '2', '--item', '1'],
      'a;x\na;y\nb;x\n',
    );
    expect(report).toMatchObject({ users: 2, items: 2, interactions: 3 });
    expect(report.detected.columns).toEqual({ user: 2, item: 1 });
  });
});

describe.concurrent('train', () => {
  it('prints the figures with their protocol, and says on stderr how the log was read', async () => {
    const { stdout, stderr } = await text(
      'train',
      'log.csv',
      '--items',
      'items.csv',
      '--out',
      'text.safetensors',
      ...TINY,
    );
    expect(stdout).toMatch(/^ +mlp +popular$/m);
    expect(stdout).toMatch(/^ndcg@100 +0\.\d{4} ± 0\.\d{4} +0\.\d{4} ± 0\.\d{4}$/m);
    expect(stdout).toContain('over 12 users (0 skipped, 0 cold); split heldOutUsers, seed 1; full ranking');
    expect(stdout).toMatch(/^weights +epoch \d of 4$/m);
    expect(stdout).toMatch(/^device +CPU reference$/m);
    expect(stdout).toMatch(/^model +text.safetensors, [\d.]+ KiB$/m);
    expect(stderr).toContain('user=user item=item time=time');
    expect(stderr).toMatch(/^titles +items.csv: \d+ of \d+ items/m);
    expect(stderr).toMatch(/^epoch 4\/4 +loss /m);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: no colour outside a terminal
    expect(stdout + stderr).not.toMatch(/\x1b/);
    // The same options give the same bytes.
    expect(await readFile(join(cwd, 'text.safetensors'))).toEqual(
      await readFile(join(cwd, 'model.safetensors')),
    );
  });

  it('plans batches on a worker where told to, and the bytes are the same', async () => {
    const where = ['--planner', 'worker'];
    await text('train', 'log.csv', '--items', 'items.csv', '--out', 'worker.safetensors', ...TINY, ...where);
    expect(await readFile(join(cwd, 'worker.safetensors'))).toEqual(
      await readFile(join(cwd, 'model.safetensors')),
    );
  });

  it('prints JSON lines, and writes provenance without paths', async () => {
    const { stdout, stderr } = await text(
      'train',
      join(cwd, 'log.csv'),
      '--out',
      'j.safetensors',
      '--json',
      ...TINY,
    );
    const events = lines(stdout).map((line) => JSON.parse(line));
    expect(stderr).toBe('');
    expect(events).toHaveLength(5);
    events.slice(0, 4).forEach((event, i) => {
      expect(Object.keys(event)).toEqual(['event', 'epoch', 'loss', 'validation', 'ms', 'examplesPerSec']);
      expect(event).toMatchObject({
        event: 'epoch',
        epoch: i + 1,
        validation: { 'ndcg@100': expect.any(Number) },
      });
    });
    expect(events[4]).toEqual({
      event: 'done',
      model: 'mlp',
      bestEpoch: expect.any(Number),
      device: { kind: 'cpu', adapter: 'CPU reference' },
      ms: expect.any(Number),
      peakBytes: expect.any(Number),
    });
    const { manifest, users } = await modelFile('j.safetensors');
    expect(manifest).toMatchObject({
      seed: 1,
      data: { files: ['log.csv'], fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) },
      splitOptions: { name: 'heldOutUsers', seed: 1, validation: 0.1, test: 0.1 },
      verified: null,
    });
    expect(JSON.stringify(manifest)).not.toContain(cwd);
    expect(users).toHaveLength(120);
  });

  it('takes the textbook preset to the letter, warns, and reports mae', async () => {
    const { stdout, stderr } = await text(
      'train',
      'log.csv',
      '--preset',
      'textbook',
      '--out',
      'tb.safetensors',
      '--json',
      '--device',
      'cpu',
    );
    expect(stderr).toContain('hardly learns');
    const events = lines(stdout).map((line) => JSON.parse(line));
    expect(events).toHaveLength(11);
    expect(events[0].validation.mae).toBeGreaterThan(0);
    expect(events[0].validation.mae).toBeLessThan(1);
    const { config, manifest } = await modelFile('tb.safetensors');
    expect(config).toMatchObject({
      hidden: [128, 64],
      output: 'softmax',
      loss: 'mse',
      reduction: 'mean',
      dropout: 0,
    });
    expect(manifest).toMatchObject({
      splitOptions: { validation: 0.2, test: 0 },
      training: { config: { batch: 256 } },
    });
  });

  it('gives a loss the output it needs, and keeps users out of the file when asked', async () => {
    await text(
      'train',
      'log.csv',
      '--loss',
      'multinomial',
      '--no-histories',
      '--out',
      'nh.safetensors',
      ...TINY,
    );
    const { config, users, histories } = await modelFile('nh.safetensors');
    expect(config).toMatchObject({ loss: 'multinomial', output: 'softmax', hidden: [8] });
    expect([users, histories]).toEqual([undefined, undefined]);
    const { code, stderr } = await run(['recommend', 'nh.safetensors', '--user', 'u0001', ...CPU], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('error NO_HISTORY');
  });

  it('validates on given files', async () => {
    const [header, ...rows] = lines(await readFile(join(cwd, 'log.csv'), 'utf8'));
    const of = (users: RegExp) => rows.filter((row) => users.test(row));
    const write = async (file: string, some: string[]) => {
      const { writeFile } = await import('node:fs/promises');
      await writeFile(join(cwd, file), `${[header, ...some].join('\n')}\n`);
    };
    const tens = of(/^u\d\d\d0/);
    await write('given-train.csv', of(/^u\d\d\d[1-9]/));
    await write(
      'given-foldin.csv',
      tens.filter((_, i) => i % 3 > 0),
    );
    await write(
      'given-heldout.csv',
      tens.filter((_, i) => i % 3 === 0),
    );
    await text(
      'train',
      'given-train.csv',
      '--out',
      'given.safetensors',
      ...TINY,
      '--validation-foldin',
      'given-foldin.csv',
      '--validation-heldout',
      'given-heldout.csv',
    );
    const found = await json([
      'evaluate',
      'given.safetensors',
      '--foldin',
      'given-foldin.csv',
      '--heldout',
      'given-heldout.csv',
      ...CPU,
    ]);
    const { manifest } = await modelFile('given.safetensors');
    const { validation, training } = manifest as unknown as {
      validation: Record<string, number>;
      training: { bestEpoch: number };
    };
    expect(training.bestEpoch).toBeGreaterThan(0);
    expect(found.protocol.split).toBe('given');
    expect(found.metrics['ndcg@100'].mean).toBeCloseTo(validation['ndcg@100'], 12);
  });
});

describe.concurrent('evaluate', () => {
  it('prints what was found at training, and finds the same again in the log', async () => {
    const stored = await json(['evaluate', 'model.safetensors']);
    expect(Object.keys(stored)).toEqual(['protocol', 'users', 'metrics', 'baselines']);
    expect(stored.protocol).toEqual({ split: 'heldOutUsers', ranking: 'full', ties: 'expected', seed: 1 });
    expect(stored.users).toEqual({ scored: 12, skipped: 0, cold: 0 });
    expect(stored.metrics['ndcg@100']).toEqual({ mean: expect.any(Number), se: expect.any(Number) });
    expect(await json(['evaluate', 'model.safetensors', 'log.csv', ...CPU])).toEqual(stored);
  });

  it('takes metrics, cuts and the rule for ties', async () => {
    const found = await json([
      'evaluate',
      'model.safetensors',
      'log.csv',
      '--metrics',
      'ndcg,recall@3,mrr',
      '-k',
      '5,10',
      '--ties',
      'index',
      ...CPU,
    ]);
    expect(Object.keys(found.metrics)).toEqual(['ndcg@5', 'ndcg@10', 'recall@3', 'mrr']);
    expect(found.protocol.ties).toBe('index');
    const { stdout } = await text('evaluate', 'model.safetensors', 'log.csv', '-k', '7', ...CPU);
    expect(stdout).toMatch(/^precision@7 /m);
    expect(stdout).not.toMatch(/@10/);
  });
});

describe('info and verify', () => {
  it('say what will be used, and keep the verification for the models trained afterwards', async () => {
    expect(await json(['info', ...CPU])).toMatchObject({
      adapters: expect.any(Array),
      device: { kind: 'cpu', adapter: 'CPU reference', features: null, limits: null },
      verified: null,
    });
    const { stdout } = await text('verify', ...CPU);
    expect(stdout).toMatch(/^bagForward +\d+ +[\d.e-]+ +ok/m);
    const cases = Number(/^(\d+) of \1 cases right on CPU reference/m.exec(stdout)?.[1]);
    expect(cases).toBeGreaterThan(100);
    expect((await text('info', ...CPU)).stdout).toMatch(/^verified +yes/m);
    await text('train', 'log.csv', '--model', 'popular', '--out', 'v.safetensors', ...CPU);
    expect((await modelFile('v.safetensors')).manifest['verified']).toMatchObject({
      adapter: 'CPU reference',
      passed: true,
      cases,
    });
  });
});
