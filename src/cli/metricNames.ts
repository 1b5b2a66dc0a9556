import { DEFAULT_METRICS } from '../evaluate/evaluate.js';
import { METRIC_NAMES, parseMetric } from '../evaluate/parseMetric.js';
import { wrongOption } from './options.js';

/**
 * The metrics to measure. `-k` gives every metric without a cut of its own these cuts; without `--metrics` it
 * changes the cuts of the usual ones. Those of whole lists are usual only where the training part is at hand.
 */
export function chosenMetrics(
  { metrics, k }: { readonly metrics?: readonly string[]; readonly k?: readonly number[] },
  withLists: boolean,
): string[] {
  if (k?.some((cut) => cut < 1) || k?.length === 0)
    throw wrongOption('k', k.join(','), 'whole numbers of at least 1');
  const usual = DEFAULT_METRICS.filter((label) => withLists || parseMetric(label).kind === 'rank');
  const names = metrics ?? (k ? usual.map((label) => label.split('@')[0]) : usual);
  const cut = (name: string) => METRIC_NAMES.includes(`${name}@k`);
  const labels = names.flatMap((name) => (k && cut(name) ? k.map((at) => `${name}@${at}`) : [name]));
  labels.forEach(parseMetric);
  return [...new Set(labels)];
}
