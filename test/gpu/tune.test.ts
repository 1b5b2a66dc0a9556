import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { TuneCache } from '../../src/backend/tuning.js';
import { clean } from '../../src/data/clean.js';
import { logRows } from '../../src/data/logRows.js';
import { sampleLog } from '../../src/data/sample.js';
import { heldOutUsers } from '../../src/data/split.js';
import type { TrainEvent } from '../../src/events.js';
import type { GpuBackend } from '../../src/gpu/backend.js';
import { allBy, fastest } from '../../src/gpu/tune.js';
import { DEFAULT_VARIANT, VARIANT_NAMES, VARIANTS } from '../../src/gpu/variants.js';
import { type FitOptions, fit } from '../../src/recommend/fit.js';
import type { Checkpoint } from '../../src/train/checkpoint.js';
import { openGpu } from './backend.js';

let backend: GpuBackend;
beforeAll(async () => {
  backend = await openGpu();
});
afterAll(() => backend?.dispose());

const LAYERS = [
  { batch: 16, inputs: 24, outputs: 40 },
  { batch: 16, inputs: 40, outputs: 300 },
];
const usual = () => allBy(DEFAULT_VARIANT[backend.family]);

/** A cache in memory, and what it holds. */
function memoryCache(): TuneCache & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    get: async (key) => kept.get(key),
    set: async (key, value) => void kept.set(key, value),
  };
}

describe('ways to compute products', () => {
  it.each(Object.entries(VARIANTS))(
    '%s keeps to the limits of every adapter',
    (_, { constants, rows, columns }) => {
      const { threads, side4, depth4 } = constants;
      expect(threads).toBeLessThanOrEqual(256);
      expect(2 * 4 * 16 * side4 * depth4).toBeLessThanOrEqual(16 * 1024);
      expect([16, 32, 64]).toContain((rows * columns) / threads);
    },
  );

  it('the usual one stays unless another is clearly faster', () => {
    expect(fastest({ register: 1, 'tile-32-4-8': 1.02 }, 'tile-32-4-8')).toBe('tile-32-4-8');
    expect(fastest({ register: 1, 'tile-32-4-8': 1.2 }, 'tile-32-4-8')).toBe('register');
    expect(fastest({ 'tile-64-8-8': 3, 'tile-64-4-16': 2 }, 'register')).toBe('tile-64-4-16');
    expect(fastest({}, 'register')).toBe('register');
  });
});

// Every way is compiled, which a busy machine's software adapter takes a while for.
describe('tune', { timeout: 240_000 }, () => {
  it('measures every product, computes by the fastest from then on, and frees what it took', async () => {
    const liveBefore = backend.liveBytes;
    const tuned = (await backend.tune({ mode: 'quick', layers: LAYERS }))!;
    expect(tuned.from).toBe('measurement');
    expect(backend.tuning).toEqual(tuned.tuning);
    for (const [product, ms] of Object.entries(tuned.times)) {
      expect(VARIANT_NAMES).toEqual(expect.arrayContaining(Object.keys(ms)));
      expect(Object.keys(ms)).toContain(DEFAULT_VARIANT[backend.family]);
      expect(tuned.tuning[product as 'matmulNN']).toBe(fastest(ms, DEFAULT_VARIANT[backend.family]));
    }
    expect(backend.liveBytes).toBe(liveBefore);
    expect((await backend.tune({ mode: 'off', layers: LAYERS }))?.tuning).toEqual(usual());
    expect(backend.tuning).toEqual(usual());
  });

  it('asks the cache first, by adapter, driver and shape', async () => {
    const cache = memoryCache();
    const first = await backend.tune({ mode: 'quick', layers: LAYERS, cache });
    const [key] = cache.kept.keys();
    expect(key).toContain(backend.device.adapter);
    expect(key).toContain(backend.device.driver);
    const launched = backend.counts.dispatches;
    const second = await backend.tune({ mode: 'quick', layers: LAYERS, cache });
    expect(second).toMatchObject({ from: 'cache', tuning: first!.tuning });
    expect(backend.counts.dispatches).toBe(launched);
    const other = await backend.tune({ mode: 'quick', layers: LAYERS.slice(1), cache });
    expect(other?.from).toBe('measurement');
    expect(cache.kept.size).toBe(2);
  });

  it.each([
    ['no JSON', () => '{"key'],
    ['nothing', () => 'null'],
    ['of another key', () => JSON.stringify({ key: 'another', tuning: usual() })],
    ['an unknown way', (key: string) => JSON.stringify({ key, tuning: { ...usual(), matmulNT: 'warp' } })],
  ])('says that a cache is damaged and measures again: %s', async (_, damaged) => {
    const cache = memoryCache();
    const notices: string[] = [];
    const layers = LAYERS.slice(0, 1);
    const damagedCache = { ...cache, get: async (key: string) => damaged(key) };
    const tuned = await backend.tune({
      mode: 'quick',
      layers,
      cache: damagedCache,
      onNotice: (message) => notices.push(message),
    });
    expect(tuned?.from).toBe('measurement');
    expect(notices).toEqual([expect.stringContaining('damaged')]);
    const [[key, kept]] = cache.kept;
    expect(JSON.parse(kept)).toEqual({ key, tuning: tuned!.tuning });
  });

  it('leaves out a way that the driver refuses', async () => {
    const own = await openGpu();
    const device = own.gpuDevice;
    const real = device.createComputePipelineAsync.bind(device);
    vi.spyOn(device, 'createComputePipelineAsync').mockImplementation((descriptor) =>
      descriptor.compute.constants?.['threads'] === 256
        ? Promise.reject(new Error('too many threads'))
        : real(descriptor),
    );
    const tuned = await own.tune({ mode: 'quick', layers: LAYERS.slice(0, 1) });
    for (const ms of Object.values(tuned!.times)) expect(Object.keys(ms)).not.toContain('tile-64-4-16');
    // The backend is as sound as before.
    expect(Array.from(await own.read(own.tensor([1, 2])))).toEqual([1, 2]);
    own.dispose();
  });

  it('refuses a way it does not know', () => {
    expect(() => backend.useTuning({ ...usual(), matmulTN: 'warp' })).toThrow(
      expect.objectContaining({ code: 'CONFIG' }),
    );
  });
});

describe('a tuned training', () => {
  const { interactions } = clean(logRows(sampleLog({ users: 120, items: 90, seed: 3 }).rows));
  const run = (options: FitOptions) =>
    fit(backend, interactions, {
      network: { hidden: [20] },
      train: { epochs: 3, batch: 40, seed: 5, patience: 0 },
      split: heldOutUsers(interactions, { seed: 5, test: 0 }),
      ...options,
    });
  /** Not the usual way, so that it shows where the usual one is taken. */
  const chosen = { matmulNN: 'tile-64-8-8', matmulNT: 'tile-64-8-8', matmulTN: 'tile-32-4-16' };
  const rigged: TuneCache = {
    get: async (key) => JSON.stringify({ key, tuning: chosen }),
    set: async () => {},
  };
  const tunedIn = (events: TrainEvent[]) => events.filter(({ event }) => event === 'tuned');

  it('is told of in an event and in the manifest', async () => {
    const events: TrainEvent[] = [];
    const { recommender } = await run({
      tune: 'quick',
      tuneCache: rigged,
      onEvent: (event) => events.push(event),
    });
    expect(tunedIn(events)).toEqual([expect.objectContaining({ tuning: chosen, from: 'cache' })]);
    expect(recommender.parts.manifest).toMatchObject({ training: { tuning: chosen } });
    recommender.dispose();
  });

  it('goes on in the ways it began with, to the same bytes, whatever is asked for then', async () => {
    let checkpoint: Checkpoint | undefined;
    const whole = await run({
      tune: 'quick',
      tuneCache: rigged,
      onEpochEnd: async (take) => {
        checkpoint ??= await take();
      },
    });
    expect(checkpoint?.madeOn).toEqual({ adapter: backend.device.adapter, tuning: chosen });
    const events: TrainEvent[] = [];
    const resumed = await run({
      tune: 'off',
      resume: checkpoint,
      onEvent: (event) => events.push(event),
    });
    expect(tunedIn(events)).toEqual([expect.objectContaining({ tuning: chosen, from: 'checkpoint' })]);
    const [a, b] = await Promise.all([whole, resumed].map(({ recommender }) => recommender.contents()));
    expect(b.tensors).toEqual(a.tensors);
    expect(a.manifest).toMatchObject({ training: { tuning: chosen } });
    expect(b.manifest['training']).toEqual(a.manifest['training']);
    for (const { recommender } of [whole, resumed]) recommender.dispose();
  });

  it.each(VARIANT_NAMES)('gives the same bytes twice: %s', async (name) => {
    const tuneCache: TuneCache = {
      get: async (key) => JSON.stringify({ key, tuning: allBy(name) }),
      set: async () => {},
    };
    const [first, second] = [
      await run({ tune: 'quick', tuneCache }),
      await run({ tune: 'quick', tuneCache }),
    ].map(({ recommender }) => recommender);
    expect(backend.tuning).toEqual(allBy(name));
    expect((await second.contents()).tensors).toEqual((await first.contents()).tensors);
    first.dispose();
    second.dispose();
  });

  it('on another adapter it does not', async () => {
    let checkpoint: Checkpoint | undefined;
    const first = await run({
      tune: 'quick',
      tuneCache: rigged,
      onEpochEnd: async (take) => {
        checkpoint ??= await take();
      },
    });
    first.recommender.dispose();
    const elsewhere = { ...checkpoint!, madeOn: { ...checkpoint!.madeOn!, adapter: 'another' } };
    const { recommender } = await run({ tune: 'off', resume: elsewhere });
    expect(backend.tuning).toEqual(usual());
    recommender.dispose();
  });
});
