import { it } from 'vitest';
import { readLog } from '../../src/data/readLog.js';
import { fileSource } from '../../src/data/files.node.js';
import { readdirSync, readFileSync } from 'node:fs';
import { memorySource } from '../../src/data/source.js';
const D = process.env.FOLDIN_DATA!;
it('x', async () => {
  const out: string[] = [];
  const show = async (p: string, o = {}, mem=false) => {
    const t = performance.now();
    try {
      const log = await readLog([mem ? memorySource(p, readFileSync(`${D}/${p}`)) : fileSource(`${D}/${p}`)], o);
      const { rows, ...rest } = log;
      console.log(p, JSON.stringify({ ...rest, count: rows.count, u: rows.userIds.length, i: rows.itemIds.length, kind: rows.valueKind }), Math.round(performance.now() - t), 'ms', Math.round(process.memoryUsage.rss() / 1e6), 'MB');
    } catch (e) { console.log(p, String(e), (e as any).remedy); }
  };
  for (const f of readdirSync(`${D}/awkward`)) await show(`awkward/${f}`, {});
  await show('awkward/01-header-line.csv', { header: false });
  await show('awkward/03-double-colon-latin1.dat', { encoding: 'latin1' });
  await show('awkward/27-ragged-rows.csv', { strict: true });
  await show('awkward/20-two-member.csv.gz', {}, true);
  await show('ml-100k/u.data');
  await show('ms-usage/ms_usage.csv.gz');
  await show('ml-1m/ratings_notime.tsv.gz');
  await show('ml-1m/ratings_notime.tsv.gz', {}, true);
  await show('online-retail/online-retail.csv.gz');
  await show('online-retail/online-retail.csv.gz', { maxBadRows: 0.3 });
  await show('grocery/train.csv');
  await show('nothere');
  await show('ml-1m');
  await show('ml-100k/u1.base');
}, 60000);
