import { extname } from 'node:path';
import { csv } from '../data/sample.js';
import { FoldinError } from '../errors.js';
import type { Recommendation, Recommender, RecommendOptions } from '../recommend/recommender.js';
import { usage } from './options.js';
import { OutFile } from './outFile.js';
import type { Output } from './output.js';
import { Progress } from './progress.js';
import { count } from './table.js';

/** Users asked for at once; the device cuts them into batches of its own. */
const BATCH = 1024;

const FORMATS: Readonly<Record<string, { head: string; lines: (one: Recommendation) => string }>> = {
  '.csv': {
    head: csv(['user', 'rank', 'item', 'score'], []),
    lines: ({ user, items }) =>
      csvRows(items.map(({ item, score }, i) => [user!, String(i + 1), item, String(score)])),
  },
  '.jsonl': { head: '', lines: (one) => `${JSON.stringify(one)}\n` },
  '.ndjson': { head: '', lines: (one) => `${JSON.stringify(one)}\n` },
};

/** CSV without a header. */
function csvRows(rows: readonly (readonly string[])[]): string {
  const [first, ...rest] = rows;
  return first ? csv(first, rest) : '';
}

/** Writes the recommendations of every user to a file, which appears whole or not at all. */
export async function writeAll(
  recommender: Recommender,
  path: string,
  options: RecommendOptions,
  out: Output,
): Promise<void> {
  const format = FORMATS[extname(path).toLowerCase()];
  if (!format) throw usage(`${path}: the name does not say what to write`, 'End it in .csv or .jsonl.');
  const { users } = recommender.parts;
  if (!users) {
    throw new FoldinError('NO_HISTORY', 'this model was saved without histories, so it knows no users', {
      remedy: 'Train it without --no-histories.',
    });
  }
  const file = await OutFile.create(path);
  const progress = new Progress(out);
  const totals = { fallback: 0, short: 0, unknown: new Set<string>() };
  try {
    await file.write(format.head);
    for (let first = 0; first < users.size; first += BATCH) {
      const whos = users.ids.slice(first, first + BATCH).map((user) => ({ user }));
      const found = await recommender.recommendMany(whos, options);
      await file.write(found.map(format.lines).join(''));
      for (const { source, shortfall, unknownItems } of found) {
        if (source === 'fallback') totals.fallback++;
        if (shortfall > 0) totals.short++;
        for (const item of unknownItems) totals.unknown.add(item);
      }
      const done = first + whos.length;
      progress.update(done / users.size, `${count(done)} of ${count(users.size)} users`);
    }
    await file.finish();
  } finally {
    progress.end();
    await file.discard();
  }
  const unknown = [...totals.unknown];
  if (unknown.length > 0) out.warn(`unknown to the model, and ignored: ${unknown.join(', ')}`);
  if (totals.fallback > 0) {
    out.warn(
      `${count(totals.fallback)} users have no history the model knows: they get the most popular items`,
    );
  }
  if (totals.short > 0) {
    out.warn(
      `${count(totals.short)} users get fewer than ${options.k} items: there are no more to give them`,
    );
  }
  if (out.isJson) out.json({ out: path, users: users.size, fallback: totals.fallback, short: totals.short });
  else out.data(`${path}: ${count(users.size)} users, up to ${options.k} items each`);
}
