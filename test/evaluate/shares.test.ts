import { expect, it } from 'vitest';
import { isMoreCommon, shareOf } from '../../src/evaluate/shares.js';

const of = (having: number, users: number) => ({ having, users });

it.each([
  // z = 0.2 / sqrt(0.5 0.5 (1/100 + 1/100)) = 2.83
  [true, of(60, 100), of(40, 100)],
  // z = 0.57
  [false, of(52, 100), of(48, 100)],
  // z = 1.98 and 2.12: two standard errors lie between.
  [false, of(57, 100), of(43, 100)],
  [true, of(58, 100), of(43, 100)],
  [false, of(40, 100), of(60, 100)],
  // Everybody, but too few to say so.
  [false, of(4, 4), of(0, 100)],
  [true, of(5, 5), of(0, 100)],
  [false, of(10, 10), of(10, 10)],
  [false, of(10, 10), of(0, 0)],
  [false, of(0, 10), of(0, 10)],
])('%s: %o beside %o', (expected, these, others) => {
  expect(isMoreCommon(these, others)).toBe(expected);
});

it('of nobody, a share is nothing', () => {
  expect(shareOf(of(0, 0))).toBe(0);
  expect(shareOf(of(1, 4))).toBe(0.25);
});
