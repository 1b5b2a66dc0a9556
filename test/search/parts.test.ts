import { describe, expect, it } from 'vitest';
import { Halving } from '../../src/search/halving.js';
import { journalHead, journalLine, readJournal, type Trial } from '../../src/search/journal.js';
import { MOST_DIMENSIONS, sobolPoint } from '../../src/search/sobol.js';
import { flagsOf, optionsAt, SPACES } from '../../src/search/spaces.js';
import { errorOf } from '../data/helpers.js';

describe('the Sobol sequence', () => {
  const seeds = [1, 2, 77];

  it.each(seeds)('puts one point into each interval of every dimension, seed %i', (seed) => {
    for (let dimension = 0; dimension < MOST_DIMENSIONS; dimension++) {
      for (const n of [4, 32, 256]) {
        const cells = Array.from({ length: n }, (_, i) =>
          Math.floor(n * sobolPoint(i, MOST_DIMENSIONS, seed)[dimension]),
        );
        expect(new Set(cells).size).toBe(n);
      }
    }
  });

  it('spreads over the first two dimensions together: a (0, m, 2)-net', () => {
    for (const seed of seeds) {
      const points = Array.from({ length: 64 }, (_, i) => sobolPoint(i, 2, seed));
      for (const [a, b] of [
        [64, 1],
        [16, 4],
        [8, 8],
        [2, 32],
      ]) {
        expect(new Set(points.map(([x, y]) => `${Math.floor(a * x)} ${Math.floor(b * y)}`)).size).toBe(64);
      }
    }
  });

  it('is known: the first points of three dimensions, the shift of the seed taken off', () => {
    // Joe & Kuo's order without Gray code: index 1 is 1/2 everywhere, then 1/4 and 3/4.
    const shift = sobolPoint(0, 3, 5).map((x) => x * 2 ** 32);
    const plain = (index: number) =>
      sobolPoint(index, 3, 5)
        .map((x, d) => ((x * 2 ** 32) ^ shift[d]) >>> 0)
        .map((bits) => bits / 2 ** 32);
    expect(plain(1)).toEqual([0.5, 0.5, 0.5]);
    expect(plain(2)).toEqual([0.25, 0.75, 0.75]);
    expect(plain(3)).toEqual([0.75, 0.25, 0.25]);
  });

  it('is another one under another seed', () => {
    expect(sobolPoint(3, 4, 1)).toEqual(sobolPoint(3, 4, 1));
    expect(sobolPoint(3, 4, 1)).not.toEqual(sobolPoint(3, 4, 2));
  });
});

describe('search spaces', () => {
  it('stay within their ends, whole where they should be', () => {
    for (const dimensions of Object.values(SPACES)) {
      expect(dimensions.length).toBeLessThanOrEqual(MOST_DIMENSIONS);
      for (const at of [0, 0.3, 0.999999]) {
        const options = optionsAt(
          dimensions,
          dimensions.map(() => at),
        );
        for (const { part, option, range } of dimensions) {
          const value = (options[part] as Record<string, unknown>)[option];
          if ('values' in range) expect(range.values).toContainEqual(value);
          else {
            expect(value).toBeGreaterThanOrEqual(range.low);
            expect(value).toBeLessThanOrEqual(range.high);
            if (range.whole) expect(Number.isInteger(value)).toBe(true);
          }
        }
      }
    }
  });

  it('are written as they are typed', () => {
    expect(flagsOf(SPACES['ease'], optionsAt(SPACES['ease'], [0.5, 0.25, 0, 0]))).toBe(
      '--l2 173 --dropout 0.2 --user-power 0 --popularity-power=-0.3',
    );
    expect(flagsOf(SPACES['mlp'], optionsAt(SPACES['mlp'], [0, 0, 0, 0.99]))).toContain('--hidden 256,128');
    expect(flagsOf(SPACES['mlp'], { network: {}, train: {} })).toBe('');
  });
});

describe('successive halving', () => {
  it('compares at epochs 4, 12, 36', () => {
    const rungs = Array.from({ length: 150 }, (_, i) => i + 1).filter((epoch) => Halving.isRung(epoch));
    expect(rungs).toEqual([4, 12, 36, 108]);
  });

  it('lets the best third of those so far go on, rung by rung', () => {
    const halving = new Halving();
    const go = [0.3, 0.2, 0.4, 0.1, 0.35, 0.39, 0.38].map((value) => halving.goesOn({ epoch: 4, value }));
    // Of one, two and three the best goes on; of six and seven the two best.
    expect(go).toEqual([true, false, true, false, false, true, false]);
    expect(halving.goesOn({ epoch: 12, value: 0.01 })).toBe(true);
  });
});

describe('a journal', () => {
  const made = { log: 'abc', seed: 1, split: { name: 'random', seed: 1 } };
  const trial: Trial = {
    model: 'ease',
    trial: 0,
    options: { network: { l2: 3 }, train: {} },
    status: 'done',
    value: 0.5,
    rungs: [],
    epochs: 0,
    ms: 3,
  };
  const text = journalHead(made) + journalLine(trial) + journalLine({ ...trial, trial: 1, value: null });

  it('gives back what was written, but for a line that was cut off', () => {
    expect(readJournal(text, made, 'j')).toEqual([trial, { ...trial, trial: 1, value: null }]);
    expect(readJournal(text.slice(0, -5), made, 'j')).toEqual([trial]);
    expect(readJournal('', made, 'j')).toEqual([]);
  });

  it('is refused for another search and for another file', async () => {
    const error = await errorOf(() => readJournal(text, { ...made, seed: 2 }, 'j'), 'CONFIG');
    expect(error.message).toContain('seed 1, not 2');
    await errorOf(() => readJournal('user,item\na,b\n', made, 'j'), 'LOG_FORMAT');
    await errorOf(() => readJournal('{"model":"x"}\n', made, 'j'), 'LOG_FORMAT');
  });
});
