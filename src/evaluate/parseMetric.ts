import { FoldinError } from '../errors.js';
import { LIST_METRICS, type ListMetricName } from './lists.js';
import { RANK_METRICS, type RankMetricName } from './metrics.js';
import { nearestName } from './nearestName.js';

/** A metric of the exact ranks of a user's held-out items. */
export interface RankMetric {
  readonly kind: 'rank';
  /** As the user writes it and as reports name it: "ndcg@100", "mrr". */
  readonly label: string;
  readonly name: RankMetricName;
  /** The cut; Infinity for a metric of the whole ranking. */
  readonly k: number;
}

/** A metric of what is recommended, whether or not it is right. */
export interface ListMetric {
  readonly kind: 'list';
  readonly label: string;
  readonly name: ListMetricName;
  readonly k: number;
}

export type Metric = RankMetric | ListMetric;

/** Every metric's name as it is written, with "@k" where it takes a cut. */
export const METRIC_NAMES: readonly string[] = [
  ...Object.entries(RANK_METRICS).map(([name, { cut }]) => (cut ? `${name}@k` : name)),
  ...Object.keys(LIST_METRICS).map((name) => `${name}@k`),
];

const isRankName = (name: string): name is RankMetricName => Object.hasOwn(RANK_METRICS, name);
const isListName = (name: string): name is ListMetricName => Object.hasOwn(LIST_METRICS, name);

/** "ndcg@100" -> its parts. CONFIG for an unknown name (naming the nearest), a missing cut or one too many. */
export function parseMetric(label: string): Metric {
  const [name, cut, ...rest] = label.split('@');
  if (!isRankName(name) && !isListName(name)) {
    const known = METRIC_NAMES.map((each) => each.replace('@k', ''));
    const nearest = nearestName(name, known);
    const meant = METRIC_NAMES[known.indexOf(nearest)].replace('@k', `@${cut || 10}`);
    throw new FoldinError('CONFIG', `there is no metric "${label}"; the nearest is "${meant}"`, {
      remedy: `Use one of ${METRIC_NAMES.join(', ')}.`,
      details: { got: label, nearest: meant },
    });
  }
  if (isRankName(name) && !RANK_METRICS[name].cut) {
    if (cut === undefined) return { kind: 'rank', label, name, k: Number.POSITIVE_INFINITY };
    throw new FoldinError('CONFIG', `${name} looks at the whole ranking and takes no cut, got "${label}"`, {
      remedy: `Write "${name}".`,
      details: { got: label },
    });
  }
  const k = Number(cut);
  if (cut === undefined || rest.length > 0 || !/^[1-9]\d*$/.test(cut) || !Number.isSafeInteger(k)) {
    throw new FoldinError(
      'CONFIG',
      `${name} needs a whole number of 1 or more after the "@", got "${label}"`,
      {
        remedy: `Write for example "${name}@10".`,
        details: { got: label },
      },
    );
  }
  return isRankName(name) ? { kind: 'rank', label, name, k } : { kind: 'list', label, name, k };
}
