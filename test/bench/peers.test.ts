import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { COMPARED, type Comparable, compareSides, overlap } from '../../bench/peers/compare.js';

const cwd = fileURLToPath(new URL('../..', import.meta.url));

/** A side that answers with these losses, then the last one again, and always the same lists. */
function side(name: string, losses: readonly number[], items: readonly number[]): Comparable {
  let asked = 0;
  return {
    name,
    version: '1',
    adapter: 'none',
    epoch: async () => ({ loss: losses[Math.min(asked++, losses.length - 1)], ms: 2, cpuMs: 3 }),
    lists: async () => ({ items, ms: 4, cpuMs: 5 }),
    end: async () => 1000,
  };
}

const job = { users: 2, k: 2 };

it('times only those that learn and recommend the same', async () => {
  const broken = { ...side('broken', [7, 6], [1, 2, 3, 4]), epoch: () => Promise.reject(new Error('fell')) };
  const figures = await compareSides(
    [
      side('foldin', [7, 6], [1, 2, 3, 4]),
      side('close', [7.00001, 6], [2, 1, 3, 4]),
      side('late', [7, 6.001], [1, 2, 3, 4]),
      side('nan', [7, Number.NaN], [1, 2, 3, 4]),
      side('lists', [7, 6], [1, 2, 3, 5]),
      broken,
    ],
    job,
    3,
    () => {},
  );
  expect(COMPARED).toBe(2);
  expect(figures.map(({ name, times }) => [name, times !== undefined])).toEqual([
    ['foldin', true],
    ['close', true],
    ['late', false],
    ['nan', false],
    ['lists', false],
    ['broken', false],
  ]);
  expect(figures[0].times).toMatchObject({ usersPerSec: 500, peakBytes: 1000, epochMs: { samples: 3 } });
  expect(figures[2].refused).toContain('6.001');
  expect(figures[4].refused).toContain('75.0%');
  expect(figures[5].refused).toBe('fell');
});

it('counts common items list by list', () => {
  expect(overlap([1, 2, 3, 4], [2, 1, 4, 3], 2)).toBe(1);
  expect(overlap([1, 2, 3, 4], [3, 4, 1, 2], 2)).toBe(0);
});

it('trains the same job in processes of their own and compares what they learn', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      'scripts/run.mjs',
      'bench/peers/main.ts',
      '--size',
      'tiny',
      '--batch',
      '64',
      '--rounds',
      '1',
      '--json',
    ].concat('--sides', 'foldin-cpu,torch'),
    { cwd, maxBuffer: 1 << 24 },
  );
  const { figures, skipped } = JSON.parse(stdout);
  const [foldin, cpu] = figures;
  expect([foldin.name, cpu.name]).toEqual(['foldin', 'foldin-cpu']);
  expect(cpu.learned.lossDifference).toBeLessThanOrEqual(2e-5);
  expect(cpu.learned.listOverlap).toBeGreaterThanOrEqual(0.99);
  for (const { times } of figures) {
    expect(times.epochMs.min).toBeGreaterThan(0);
    expect(times.usersPerSec).toBeGreaterThan(0);
    expect(times.peakBytes).toBeGreaterThan(2 ** 20);
  }
  // torch is there or said to be missing, never just left out.
  const torch = figures.find(({ name }: { name: string }) => name === 'torch');
  expect(torch?.learned ?? skipped.torch).toBeTruthy();
});
