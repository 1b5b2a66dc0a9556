import type { Command } from 'commander';
import type { RatingEvaluation, RatingFigures } from '../evaluate/evaluateRatings.js';
import { number, usage } from './options.js';
import type { Output } from './output.js';
import { count, table } from './table.js';

export interface RatingFlags {
  readonly ratings?: boolean;
  readonly threshold?: number;
}

export const defineRatings = (command: Command): Command =>
  command
    .option('--ratings', 'also the errors of predicted ratings, of a model trained with --weight value')
    .option(
      '--threshold <rating>',
      'with --ratings: accuracy, precision, recall and f1 of "rated so or better"',
      number('threshold'),
    );

/** USAGE when the flags do not go together. */
export function checkRatings({ ratings, threshold }: RatingFlags, hasLog: boolean): void {
  if (threshold !== undefined && !ratings) {
    throw usage('--threshold belongs to --ratings', 'Add --ratings, or leave it out.');
  }
  if (ratings && !hasLog) {
    throw usage('--ratings needs the log', 'Give the log that the model was trained on.');
  }
}

const NAMES = {
  model: 'model',
  calibrated: 'model, calibrated',
  itemMean: "item's mean",
  mean: 'mean',
} as const;

/** One row a way to predict. */
export function ratingsText(found: RatingEvaluation, out: Output): string {
  const ways = Object.entries(NAMES).flatMap(([key, name]): [string, RatingFigures][] => {
    const figures = found[key as keyof typeof NAMES];
    return figures ? [[name, figures]] : [];
  });
  const decided = found.threshold !== undefined;
  const names = ['accuracy', 'precision', 'recall', 'f1'] as const;
  const head = ['rating', 'mae', 'rmse', ...(decided ? names : [])];
  const rows = ways.map(([name, { mae, rmse, decisions }]) => [
    name,
    ...[mae, rmse, ...(decided ? names.map((metric) => decisions![metric]) : [])].map((x) => x.toFixed(4)),
  ]);
  const at = decided ? `; decisions at ${found.threshold}` : '';
  return [
    table([head, ...rows], `l${'r'.repeat(head.length - 1)}`, (line, row) =>
      row === 0 ? out.paint.bold(line) : line,
    ),
    '',
    `over ${count(found.pairs)} held-out ratings${at}; calibrated: a line from score to rating, fitted on the validation part`,
  ].join('\n');
}
