import { describe, expect, it } from 'vitest';
import { FoldinError } from '../../src/errors.js';
import { METRIC_NAMES, parseMetric } from '../../src/evaluate/parseMetric.js';

function refusal(label: string): FoldinError {
  try {
    parseMetric(label);
  } catch (error) {
    if (error instanceof FoldinError) return error;
    throw error;
  }
  throw new Error(`"${label}" was accepted`);
}

describe('parseMetric', () => {
  it('reads names with and without a cut', () => {
    expect(parseMetric('ndcg@100')).toEqual({ kind: 'rank', label: 'ndcg@100', name: 'ndcg', k: 100 });
    expect(parseMetric('mrr')).toEqual({
      kind: 'rank',
      label: 'mrr',
      name: 'mrr',
      k: Number.POSITIVE_INFINITY,
    });
    expect(parseMetric('coverage@10')).toEqual({
      kind: 'list',
      label: 'coverage@10',
      name: 'coverage',
      k: 10,
    });
  });

  it('reads every name it lists', () => {
    expect(METRIC_NAMES).toHaveLength(13);
    for (const name of METRIC_NAMES)
      expect(parseMetric(name.replace('@k', '@7')).label).toBe(name.replace('@k', '@7'));
  });

  it.each([
    ['ndgc@10', 'ndcg@10'],
    ['NDCG@20', 'ndcg@20'],
    ['hitrate@5', 'hitRate@5'],
    ['recal', 'recall@10'],
    ['mr', 'mrr'],
    ['capedRecall@20', 'cappedRecall@20'],
    ['popularityoverlp@10', 'popularityOverlap@10'],
    ['constructor@3', undefined],
    ['__proto__@3', undefined],
    ['', undefined],
  ])('refuses "%s" and names the nearest', (label, nearest) => {
    const { code, message, remedy } = refusal(label);
    expect(code).toBe('CONFIG');
    expect(remedy).toContain('ndcg@k');
    expect(message).toContain(`"${label}"`);
    if (nearest) expect(message).toContain(`the nearest is "${nearest}"`);
  });

  it.each([
    'ndcg',
    'ndcg@',
    'ndcg@0',
    'ndcg@-1',
    'ndcg@1.5',
    'ndcg@1e3',
    'ndcg@10@20',
    'ndcg@99999999999999999999',
  ])('refuses the cut of "%s"', (label) => {
    expect(refusal(label)).toMatchObject({ code: 'CONFIG', remedy: 'Write for example "ndcg@10".' });
  });

  it.each(['auc@10', 'mrr@5', 'mrr@'])('refuses a cut on a metric of the whole ranking: "%s"', (label) => {
    expect(refusal(label)).toMatchObject({ code: 'CONFIG', remedy: `Write "${label.split('@')[0]}".` });
  });
});
