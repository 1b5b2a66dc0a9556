import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { evaluateRanks } from '../../src/evaluate/evaluateRanks.js';
import { parseMetric, type RankMetric } from '../../src/evaluate/parseMetric.js';
import type { Ranks } from '../../src/evaluate/ties.js';

const DATA = process.env['FOLDIN_DATA'];
const splits = join(DATA ?? '', 'splits');

/** The rows of a file of `user<TAB>item`, gzipped or not. */
function pairs(split: string, name: string): number[][] {
  const plain = join(splits, split, `${name}.tsv`);
  const text = existsSync(plain) ? readFileSync(plain) : gunzipSync(readFileSync(`${plain}.gz`));
  const lines = text.toString('utf8').trim().split('\n');
  return lines.map((line) => line.split('\t').map(Number));
}

function byUser(rows: number[][]): Map<number, number[]> {
  const items = new Map<number, number[]>();
  for (const [user, item] of rows) {
    if (!items.has(user)) items.set(user, []);
    items.get(user)!.push(item);
  }
  return items;
}

/** Exact ranks under the scores "count in training", with fold-in items masked. */
function popularityRanks(split: string): Ranks {
  const items = readFileSync(join(splits, split, 'items.tsv'), 'utf8')
    .trim()
    .split('\n').length;
  const scores = new Uint32Array(items);
  for (const [, item] of pairs(split, 'train')) scores[item]++;
  const foldIn = byUser(pairs(split, 'test_foldin'));
  const indptr = [0];
  const counts: number[] = [];
  const candidates: number[] = [];
  for (const [user, targets] of byUser(pairs(split, 'test_heldout'))) {
    const seen = new Set(foldIn.get(user));
    for (const target of targets) {
      let above = 0;
      let tiedLower = 0;
      let tied = 0;
      for (let item = 0; item < items; item++) {
        if (item === target || seen.has(item)) continue;
        if (scores[item] > scores[target]) above++;
        if (scores[item] === scores[target]) tied++;
        if (scores[item] === scores[target] && item < target) tiedLower++;
      }
      counts.push(above, tiedLower, tied);
    }
    indptr.push(counts.length / 3);
    candidates.push(items - seen.size);
  }
  return {
    indptr: Uint32Array.from(indptr),
    counts: Uint32Array.from(counts),
    candidates: Uint32Array.from(candidates),
  };
}

const LABELS: Record<string, string> = {
  R20: 'cappedRecall@20',
  R50: 'cappedRecall@50',
  N10: 'ndcg@10',
  N100: 'ndcg@100',
  P10: 'precision@10',
  F10: 'f1@10',
  R10plain: 'recall@10',
};

describe('popularity on the published splits of MovieLens', () => {
  it.skipIf(!DATA).each(['ml100k-s0', 'ml100k-s1', 'ml100k-s2', 'ml1m-s0'])(
    '%s reproduces the exact figures (skipped where FOLDIN_DATA names no data folder)',
    (split) => {
      const golden = JSON.parse(readFileSync(join(splits, 'golden-metrics.json'), 'utf8'))[split];
      const metrics = Object.values(LABELS).map((label) => parseMetric(label) as RankMetric);
      const result = evaluateRanks(popularityRanks(split), metrics, 'index');
      expect(result.users).toEqual({ scored: golden.shape.test_users, skipped: 0 });
      const { se_N100, ...means } = golden.popularity;
      expect(Object.keys(means).sort()).toEqual(Object.keys(LABELS).sort());
      for (const [key, mean] of Object.entries<number>(means)) {
        expect(Math.abs(result.metrics[LABELS[key]].mean - mean), key).toBeLessThan(1e-9);
      }
      expect(Math.abs(result.metrics['ndcg@100'].se! - se_N100)).toBeLessThan(1e-9);
    },
  );
});
