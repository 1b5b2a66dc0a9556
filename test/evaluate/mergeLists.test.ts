import { expect, it } from 'vitest';
import { MASKED, NO_ITEM, NOT_FINITE } from '../../src/backend/ops.js';
import { mergeLists } from '../../src/evaluate/mergeLists.js';

const merged = (
  blocks: { width: number; items: number[]; scores: number[] }[],
  rows: number,
  k: number,
): [number[], number[]] => {
  const into = { items: new Uint32Array(rows * k), scores: new Float32Array(rows * k) };
  mergeLists(blocks, rows, k, into, 0);
  return [Array.from(into.items), Array.from(into.scores)];
};

it('takes the best of all blocks, ties to the earlier block, -0 as 0', () => {
  const blocks = [
    { width: 2, items: [3, 1, 0, 2], scores: [5, 2, -0, -1] },
    { width: 2, items: [65, 64, 70, 66], scores: [5, 4, 0, -1] },
  ];
  expect(merged(blocks, 2, 3)).toEqual([
    [3, 65, 64, 0, 70, 2],
    [5, 5, 4, -0, 0, -1],
  ]);
});

it('fills what no block has, and marks a row that is not finite in any of them', () => {
  const blocks = [
    { width: 1, items: [7, 3, NO_ITEM], scores: [1, 2, MASKED] },
    {
      width: 2,
      items: [64, NO_ITEM, NOT_FINITE, NOT_FINITE, NO_ITEM, NO_ITEM],
      scores: new Array(6).fill(MASKED),
    },
  ];
  blocks[1].scores[0] = 3;
  expect(merged(blocks, 3, 3)).toEqual([
    [64, 7, NO_ITEM, NOT_FINITE, NOT_FINITE, NOT_FINITE, NO_ITEM, NO_ITEM, NO_ITEM],
    [3, 1, MASKED, ...new Array(6).fill(MASKED)],
  ]);
});
