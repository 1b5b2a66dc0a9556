// Popularity on Gowalla (the split of LightGCN, He et al. 2020); EASE would need a table of 6.3 GiB.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../src/backend/backend.js';
import { csrFromRows } from '../src/data/csr.js';
import { evaluate } from '../src/evaluate/evaluate.js';
import { Popular } from '../src/model/baselines.js';
import { lines } from './fixedSplits.js';

const PUBLISHED = { 'recall@20': 0.0416, 'ndcg@20': 0.0317 };

export async function gowalla(backend: Backend, folder: string): Promise<void> {
  const at = (file: string) => join(folder, 'gowalla', file);
  if (!existsSync(at('train.txt')) && !existsSync(at('train.txt.gz'))) {
    console.log(`gowalla: skipped, its files are not in ${folder}`);
    return;
  }
  // A line: a user, then their items, some more than once.
  const read = (file: string): number[][] => {
    const rows: number[][] = [];
    for (const line of lines(at(file))) {
      const [user, ...items] = line.trim().split(/\s+/).map(Number);
      rows[user] = [...new Set(items)];
    }
    return Array.from(rows, (row) => row ?? []);
  };
  const [train, test] = [read('train.txt'), read('test.txt')];
  const items = 1 + [...train, ...test].reduce((most, row) => row.reduce((a, b) => Math.max(a, b), most), 0);
  const history = csrFromRows(train, items);
  const heldOut = csrFromRows(
    train.map((_, user) => test[user] ?? []),
    items,
  );
  const model = Popular.fit(backend, history);
  const { metrics } = await evaluate(
    backend,
    model,
    { history, heldOut },
    {
      ties: 'index',
      metrics: Object.keys(PUBLISHED),
    },
  );
  for (const [metric, published] of Object.entries(PUBLISHED)) {
    const { mean } = metrics[metric];
    console.log(
      `gowalla popularity ${metric.padEnd(21)} ${mean.toFixed(4)}  published ${published}  difference ${(mean - published).toExponential(1)}`,
    );
  }
  model.dispose();
}
