import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/backend/backend.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { FoldinError } from '../../src/errors.js';

/** The error that `work` throws. */
function failure(work: () => unknown): FoldinError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(FoldinError);
    return error as FoldinError;
  }
  throw new Error('nothing was thrown');
}

describe('memory', () => {
  it('counts live and peak bytes, and free() may be called twice', () => {
    const backend = createCpuBackend();
    const a = backend.zeros('f32', [3, 5]);
    const b = backend.zeros('u32', [7]);
    expect(backend.liveBytes).toBe(60 + 28);
    a.free();
    a.free();
    expect(backend.liveBytes).toBe(28);
    b.free();
    expect([backend.liveBytes, backend.peakBytes]).toEqual([0, 88]);
    expect(createCpuBackend({ precision: 'f64' }).zeros('f32', [2]).size).toBe(2);
  });

  it('read gives a copy of the type promised', async () => {
    const single = createCpuBackend();
    const double = createCpuBackend({ precision: 'f64' });
    const tensor = single.tensor([0.1, 2], [2, 1]);
    const values = await single.read(tensor);
    expect(values).toEqual(Float32Array.of(0.1, 2));
    values[0] = 5;
    expect((await single.read(tensor))[0]).toBe(Math.fround(0.1));
    expect(await double.read(double.tensor([0.1]))).toEqual(Float64Array.of(0.1));
    expect(await double.read(double.tensor(Uint32Array.of(7)))).toEqual(Uint32Array.of(7));
  });

  it('write may be shorter than a vector, not than a matrix', async () => {
    const backend = createCpuBackend();
    const vector = backend.tensor([1, 2, 3]);
    backend.write(vector, Float32Array.of(9));
    expect(Array.from(await backend.read(vector))).toEqual([9, 2, 3]);
    expect(failure(() => backend.write(vector, new Float32Array(4))).code).toBe('SHAPE_MISMATCH');
    expect(failure(() => backend.write(vector, Uint32Array.of(1))).code).toBe('SHAPE_MISMATCH');
    const matrix = backend.zeros('f32', [2, 2]);
    expect(failure(() => backend.write(matrix, new Float32Array(3))).code).toBe('SHAPE_MISMATCH');
  });

  it('copy wants equal shapes', async () => {
    const backend = createCpuBackend();
    const [from, to] = [backend.tensor([1, 2], [1, 2]), backend.zeros('f32', [1, 2])];
    backend.copy(from, to);
    expect(Array.from(await backend.read(to))).toEqual([1, 2]);
    expect(failure(() => backend.copy(from, backend.zeros('f32', [2, 1]))).code).toBe('SHAPE_MISMATCH');
    expect(failure(() => backend.copy(from, backend.zeros('u32', [1, 2]))).code).toBe('SHAPE_MISMATCH');
  });

  it('refuses shapes that are none, and values that do not fill theirs', () => {
    const backend = createCpuBackend();
    for (const shape of [[], [0], [1, 2, 3], [1.5], [-1]]) {
      expect(failure(() => backend.zeros('f32', shape)).code).toBe('SHAPE_MISMATCH');
    }
    expect(failure(() => backend.tensor([1, 2, 3], [2, 2])).code).toBe('SHAPE_MISMATCH');
    expect(failure(() => backend.zeros('f32', [2 ** 26, 2 ** 26])).code).toBe('OUT_OF_MEMORY');
    expect(backend.liveBytes).toBe(0);
  });

  it('use after free, after dispose, and of another backend are errors', async () => {
    const backend = createCpuBackend();
    const tensor = backend.tensor([1]);
    tensor.free();
    await expect(backend.read(tensor)).rejects.toMatchObject({ code: 'FREED' });
    const other = backend.tensor([1]);
    expect(failure(() => backend.activate({ input: tensor, out: other, activation: 'relu' })).code).toBe(
      'FREED',
    );
    backend.dispose();
    backend.dispose();
    expect(backend.liveBytes).toBe(0);
    expect(failure(() => backend.zeros('f32', [1])).code).toBe('FREED');
    expect(failure(() => backend.activate({ input: other, out: other, activation: 'relu' })).code).toBe(
      'FREED',
    );
    await expect(backend.throttle()).rejects.toMatchObject({ code: 'FREED' });
    const foreign: Tensor = { dtype: 'f32', shape: [1], size: 1, free: () => {} };
    await expect(createCpuBackend().read(foreign)).rejects.toMatchObject({ code: 'CONFIG' });
  });
});

describe('scope', () => {
  it('frees all but what it returns: a tensor, an array, an object', () => {
    const backend = createCpuBackend();
    const one = backend.scope(() => {
      backend.zeros('f32', [100]);
      return backend.zeros('f32', [1]);
    });
    expect(backend.liveBytes).toBe(4);
    const many = backend.scope(() => {
      backend.zeros('f32', [100]);
      const [a, b] = [backend.zeros('f32', [1]), backend.zeros('f32', [1])];
      return { a, list: [b], kept: 3 };
    });
    expect(backend.liveBytes).toBe(12);
    backend.scope(() => {
      backend.zeros('f32', [100]);
    });
    for (const tensor of [one, many.a, ...many.list]) tensor.free();
    expect(backend.liveBytes).toBe(0);
  });

  it('nests: what an inner scope returns belongs to the outer one', () => {
    const backend = createCpuBackend();
    const outside = backend.zeros('f32', [1]);
    backend.scope(() => {
      backend.scope(() => backend.zeros('f32', [10]));
      expect(backend.liveBytes).toBe(44);
    });
    expect(backend.liveBytes).toBe(4);
    outside.free();
  });

  it('frees all when the work throws, and refuses asynchronous work', async () => {
    const backend = createCpuBackend();
    const broken = () => {
      backend.zeros('f32', [10]);
      throw new RangeError('broken');
    };
    expect(() => backend.scope(broken)).toThrow(RangeError);
    const asynchronous = () => backend.scope(async () => backend.zeros('f32', [10]));
    expect(failure(asynchronous).code).toBe('CONFIG');
    expect(backend.liveBytes).toBe(0);
  });
});

describe('shape checks', () => {
  it('say op, argument, expected and got', () => {
    const backend = createCpuBackend();
    const [a, b, bias] = [
      backend.zeros('f32', [2, 3]),
      backend.zeros('f32', [4, 5]),
      backend.zeros('f32', [5]),
    ];
    const out = backend.zeros('f32', [2, 5]);
    const error = failure(() => backend.matmulNN({ a, b, bias, out, activation: 'linear' }));
    expect(error.code).toBe('SHAPE_MISMATCH');
    expect(error.message).toBe('matmulNN: b should be f32[3, any], got f32[4, 5]');
    expect(error.details).toEqual({
      op: 'matmulNN',
      argument: 'b',
      expected: 'f32[3, any]',
      got: 'f32[4, 5]',
    });
    expect(error.remedy).not.toBe('');
  });

  it('look at types, batches, splits and slots', () => {
    const backend = createCpuBackend();
    const f32 = (...shape: number[]) => backend.zeros('f32', shape);
    const u32 = (...shape: number[]) => backend.zeros('u32', shape);
    const rows = { indptr: u32(3), indices: u32(4), values: f32(1) };
    const batch = { rows: u32(2), first: 0, count: 2 };
    const loss = { logits: f32(2, 7), targets: rows, batch, loss: f32(2), scale: 1 };
    const wrong: [argument: string, work: () => void][] = [
      ['out', () => backend.matmulNT({ a: f32(2, 3), b: f32(4, 3), out: f32(5, 4) })],
      [
        'parts',
        () =>
          backend.reduceActivation({
            parts: f32(3, 4),
            saved: f32(2, 4),
            out: f32(2, 4),
            activation: 'relu',
          }),
      ],
      ['targets.indices', () => backend.softmaxNll({ ...loss, targets: { ...rows, indices: f32(4) } })],
      ['targets.values', () => backend.softmaxNll({ ...loss, targets: { ...rows, values: f32(3) } })],
      ['batch.rows', () => backend.softmaxNll({ ...loss, batch: { ...batch, first: 1 } })],
      ['batch.count', () => backend.softmaxNll({ ...loss, batch: { rows: u32(9), first: 0, count: 3 } })],
      ['loss', () => backend.softmaxNll({ ...loss, loss: f32(1) })],
      ['sums', () => backend.sumSquares({ input: f32(4), sums: f32(33), slot: 2, factor: 1 })],
      ['ring', () => backend.recordLoss({ parts: f32(4), ring: f32(3), slot: 3, count: 4 })],
      [
        'velocity',
        () =>
          backend.sgd({
            param: f32(4),
            grad: f32(4),
            velocity: f32(2, 2),
            learningRate: 1,
            momentum: 0,
            l2: 0,
          }),
      ],
      ['matrix', () => backend.zeroDiagonal({ matrix: f32(2, 3) })],
    ];
    for (const [argument, work] of wrong) expect(failure(work).details).toMatchObject({ argument });
  });
});

describe('throttle', () => {
  it('lets timers and signals through during long work', async () => {
    const backend = createCpuBackend();
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 10);
    const end = performance.now() + 5000;
    while (!controller.signal.aborted && performance.now() < end) await backend.throttle();
    expect(controller.signal.aborted).toBe(true);
  });
});
