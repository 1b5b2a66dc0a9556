import { expect, it } from 'vitest';
import { csrFromRows } from '../../src/data/csr.js';
import { Vocabulary } from '../../src/data/vocabulary.js';
import { fingerprint } from '../../src/store/fingerprint.js';

const base = {
  users: new Vocabulary(['u1', 'u2']),
  items: new Vocabulary(['a', 'b', 'c']),
  matrix: csrFromRows([[0, 2], [1]], 3),
};

it('is 64 hex digits, the same for the same interactions', async () => {
  const digits = await fingerprint(base);
  expect(digits).toMatch(/^[0-9a-f]{64}$/);
  expect(await fingerprint({ ...base, matrix: csrFromRows([[2, 0], [1]], 3) })).toBe(digits);
});

it('differs in every part', async () => {
  const all = await Promise.all(
    [
      base,
      { ...base, users: new Vocabulary(['u1', 'u3']) },
      { ...base, items: new Vocabulary(['a', 'b', 'd']) },
      // The same bytes, cut elsewhere.
      { ...base, items: new Vocabulary(['ab', 'c', '']) },
      { ...base, matrix: csrFromRows([[0], [1, 2]], 3) },
      { ...base, matrix: csrFromRows([[0, 1], [1]], 3) },
      { ...base, matrix: csrFromRows([[0, 2], [1]], 3, [[1, 1], [1]]) },
      { ...base, matrix: csrFromRows([[0, 2], [1]], 3, [[1, 2], [1]]) },
      { ...base, timeSec: Float64Array.of(1, 2, 3) },
      { ...base, timeSec: Float64Array.of(1, 2, 4) },
    ].map(fingerprint),
  );
  expect(new Set(all).size).toBe(all.length);
});
