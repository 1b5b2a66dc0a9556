import { FoldinError } from '../errors.js';
import { inUsualOrder } from '../evaluate/evaluate.js';
import type { Summary } from '../evaluate/summary.js';
import type { TieRule } from '../evaluate/ties.js';
import type { Manifest } from '../store/modelFile.js';
import type { Figures } from './evaluate.js';
import { chosenMetrics } from './metricNames.js';

interface Stored {
  readonly split: { readonly name: string; readonly seed: number };
  readonly test: {
    readonly users: { readonly scored: number; readonly skipped: number };
    readonly ties: TieRule;
    readonly metrics: Record<string, Summary>;
    readonly popular: Record<string, Summary>;
  } | null;
  readonly testLeftOut?: { readonly cold: number; readonly skipped: number };
}

interface Wanted {
  readonly metrics?: readonly string[];
  readonly k?: readonly number[];
  readonly ties: TieRule;
}

/**
 * The figures of the test part that were found at training. SPLIT_EMPTY when there was none, CONFIG for figures that
 * were not taken then.
 */
export function storedFigures(manifest: Manifest, wanted: Wanted): Figures {
  const { test, split, testLeftOut } = manifest as unknown as Stored;
  if (!test) {
    throw new FoldinError(
      'SPLIT_EMPTY',
      'the model was trained without a test part, so it holds no figures',
      {
        remedy:
          'Give users that it never saw with --foldin FILE --heldout FILE, or train it with --test 0.1.',
      },
    );
  }
  const isUsual = wanted.metrics === undefined && wanted.k === undefined;
  const labels = isUsual ? inUsualOrder(Object.keys(test.metrics)) : chosenMetrics(wanted, true);
  const absent = labels.filter((label) => !Object.hasOwn(test.metrics, label));
  if (absent.length > 0 || wanted.ties !== test.ties) {
    const what = absent.length > 0 ? absent.join(', ') : `--ties ${wanted.ties}`;
    throw new FoldinError('CONFIG', `the model file holds no figures for ${what}`, {
      remedy: `Give the log that it was trained on as well; the file holds ${Object.keys(test.metrics).join(', ')}.`,
    });
  }
  const pick = (of: Record<string, Summary>) => Object.fromEntries(labels.map((label) => [label, of[label]]));
  const { cold = 0, skipped = 0 } = testLeftOut ?? {};
  return {
    protocol: {
      split: split.name,
      seed: split.seed,
      ties: test.ties,
      users: { scored: test.users.scored, skipped: skipped + test.users.skipped, cold },
    },
    columns: [
      { name: 'model', metrics: pick(test.metrics) },
      { name: 'popular', metrics: pick(test.popular) },
    ],
  };
}
