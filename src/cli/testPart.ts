import { csrFromRows, rowIndices } from '../data/csr.js';
import { idsOf } from '../data/leaks/audit.js';
import { type Leak, refuseLeaks } from '../data/leaks/leak.js';
import { popularityLeaks } from '../data/leaks/statistics.js';
import { splitOver } from '../data/moreItems.js';
import { splitBy } from '../data/splitBy.js';
import type { EvaluationSet, Split } from '../data/splitTypes.js';
import { Vocabulary } from '../data/vocabulary.js';
import { FoldinError } from '../errors.js';
import { provenanceOf } from '../recommend/provenance.js';
import { storedPopularity } from '../recommend/recommender.js';
import { fingerprint } from '../store/fingerprint.js';
import type { ModelContents } from '../store/modelFile.js';
import type { Context } from './command.js';
import type { EvaluateFlags, Found } from './evaluate.js';
import { noteLog, readInteractions } from './logs.js';
import { cleaningOf, readingOf } from './options.js';

/**
 * The test part of the log that the model was trained on. LEAKAGE for another log, and for a model whose popularity is
 * not that of the training part, unless that is allowed.
 */
export async function testPart(
  { out, options, signal }: Context<EvaluateFlags>,
  contents: ModelContents,
  files: readonly string[],
): Promise<Found> {
  const { allowLeak } = options;
  const made = provenanceOf(contents.manifest);
  const reading = { ...made.reading, ...readingOf(options) };
  const cleaning = { ...made.cleaning, ...cleaningOf(options) };
  const read = await readInteractions(files, reading, cleaning, { out, signal });
  noteLog(out, files, read);
  const found = await fingerprint(read.interactions);
  const isOther = found !== made.data.fingerprint;
  const other = refuseLeaks(isOther ? [otherLog(found, made.data)] : [], allowLeak);
  const cut = splitBy(made.splitOptions, read.interactions, allowLeak);
  // A model may know more items than its log.
  const isWhole = isOther || cut.itemIndices.length === contents.items.length;
  const split = isWhole ? cut : splitOver(cut, read.interactions.items, new Vocabulary(contents.items));
  if (split.test.heldOut.indices.length === 0) {
    throw new FoldinError('SPLIT_EMPTY', 'the model was trained without a test part', {
      remedy: 'Train it with --test 0.1, or give --foldin and --heldout.',
    });
  }
  const ids = { ...idsOf(cut, read.interactions), ...(!isWhole && { items: contents.items }) };
  const place = `${split.name} split, model file`;
  const counted = isOther
    ? []
    : refuseLeaks(popularityLeaks(storedPopularity(contents), split.train, ids.items, place), allowLeak);
  const columns = isOther ? columnsIn(contents.items, ids.items) : undefined;
  return {
    set: columns ? renumbered(split.test, columns, contents.items.length) : split.test,
    split: split.name,
    seed: split.seed,
    // Over other items it says nothing of the model's lists.
    train: columns ? undefined : split.train,
    validation: columns ? undefined : split.validation,
    validationName: (row) => ids.users[split.validation.users![row]],
    userName: (row) => ids.users[split.test.users![row]],
    leaks: [...other, ...(split.leaks ?? []), ...counted],
  };
}

function otherLog(
  found: string,
  { fingerprint: own, files }: { fingerprint: string; files: readonly string[] },
): Leak {
  const digits = (hash: string) => hash.slice(0, 12);
  return {
    kind: 'user',
    message:
      `this is not the log that the model was trained on (fingerprint ${digits(found)}, not ${digits(own)}): ` +
      'users it has seen in training could be measured as if they were new',
    remedy:
      `Give the same log (${files.join(', ')}) with the same options, ` +
      'or users that it never saw with --foldin FILE --heldout FILE.',
    details: { expected: own, got: found },
  };
}

/** The model's column of each item of a split, or -1. */
function columnsIn(items: readonly string[], ids: readonly string[]): Int32Array {
  const known = new Vocabulary(items);
  return Int32Array.from(ids, (id) => known.indexOf(id) ?? -1);
}

/** The set over the model's items; others are left out. */
function renumbered(
  { history, heldOut, users, cold, skipped }: EvaluationSet,
  columns: Int32Array,
  items: number,
) {
  const over = (part: Split['train']) =>
    csrFromRows(
      Array.from({ length: part.rows }, (_, row) =>
        Array.from(rowIndices(part, row), (item) => columns[item]).filter((item) => item >= 0),
      ),
      items,
    );
  return { history: over(history), heldOut: over(heldOut), users, cold, skipped };
}
