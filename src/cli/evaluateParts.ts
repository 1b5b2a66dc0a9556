import type { Command } from 'commander';
import { Option } from 'commander';
import type { EvaluationSet } from '../data/splitTypes.js';
import { breakdown, byHistoryLength, type Part } from '../evaluate/breakdown.js';
import type { RankEvaluation } from '../evaluate/evaluateRanks.js';
import { groups } from '../groups/groups.js';
import type { Recommender } from '../recommend/recommender.js';
import type { Output } from './output.js';
import { count, table } from './table.js';

export interface PartFlags {
  readonly by?: 'history' | 'group';
}

export const defineParts = (command: Command): Command =>
  command.addOption(
    new Option(
      '--by <what>',
      'also by length of the history shown, or by group of users (see foldin groups), with 95% bootstrap intervals',
    ).choices(['history', 'group']),
  );

/** Figures of parts of the users, of the model and of popularity. */
export interface Parts {
  readonly by: 'history' | 'group';
  readonly model: readonly Part[];
  readonly popular: readonly Part[];
}

/** NO_HISTORY for groups of a model file without histories. Users whom it does not know are in no group. */
export async function partsBy(
  by: 'history' | 'group',
  recommender: Recommender,
  figures: { readonly model: RankEvaluation; readonly popular: RankEvaluation },
  at: {
    readonly set: EvaluationSet;
    readonly userName: (row: number) => string | undefined;
    readonly seed?: number;
    readonly signal: AbortSignal;
  },
): Promise<Parts> {
  if (by === 'history') {
    return {
      by,
      model: byHistoryLength(figures.model, at.set),
      popular: byHistoryLength(figures.popular, at.set),
    };
  }
  const found = await groups(recommender, { seed: at.seed, signal: at.signal });
  const { users } = recommender.parts;
  const labelOf = (row: number): string | undefined => {
    const user = users?.indexOf(at.userName(row) ?? '');
    return user === undefined ? undefined : String(found.assigned[user] + 1);
  };
  const labels = found.groups.map(({ group }) => String(group));
  return {
    by,
    model: breakdown(figures.model, labelOf, labels),
    popular: breakdown(figures.popular, labelOf, labels),
  };
}

/** A table of each metric that single users have: the parts below each other. */
export function partsText({ by, model, popular }: Parts, out: Output): string {
  const metrics = Object.keys(model[0]?.metrics ?? {});
  const name = by === 'history' ? 'items shown' : 'group';
  return metrics
    .map((metric) => {
      const cell = (part: Part | undefined): string[] => {
        if (!part) return ['', ''];
        const { mean, interval } = part.metrics[metric];
        return [mean.toFixed(4), `[${interval.map((end) => end.toFixed(4)).join(', ')}]`];
      };
      const rows = model.map((part, i) => [
        part.label,
        count(part.users),
        ...cell(part),
        ...cell(popular[i]),
      ]);
      return table(
        [[name, 'users', metric, '95% interval', 'popular', '95% interval'], ...rows],
        'rrrlrl',
        (line, row) => (row === 0 ? out.paint.bold(line) : line),
      );
    })
    .join('\n\n');
}
