import type { CurvePoint } from '../train/curve.js';
import { type LineOptions, lineChart } from './charts.js';
import { formatted, type Markup } from './markup.js';

/** The loss by epoch; undefined before there are two. */
export function lossChart(curve: readonly CurvePoint[], options?: LineOptions): Markup | undefined {
  if (curve.length < 2) return undefined;
  return lineChart(
    {
      title: 'Loss',
      xLabel: 'epoch',
      yLabel: 'mean loss a step',
      description: `From ${formatted(curve[0].loss)} to ${formatted(curve[curve.length - 1].loss)}.`,
    },
    [{ name: 'loss', points: curve.map(({ epoch, loss }) => [epoch, loss]) }],
    { ...options, wholeX: true },
  );
}

/** What was measured on the validation users by epoch; undefined before it was twice. */
export function validationChart(curve: readonly CurvePoint[], options?: LineOptions): Markup | undefined {
  const validated = curve.filter(({ validation }) => validation);
  if (validated.length < 2) return undefined;
  const metric = Object.keys(validated[0].validation!)[0];
  const points = validated.map(({ epoch, validation }): [number, number] => [epoch, validation![metric]]);
  const best = points.reduce((top, point) => (point[1] > top[1] ? point : top));
  return lineChart(
    {
      title: `${metric} on the validation users`,
      xLabel: 'epoch',
      yLabel: metric,
      description: `Best in epoch ${best[0]}.`,
    },
    [{ name: metric, points }],
    { ...options, wholeX: true },
  );
}
