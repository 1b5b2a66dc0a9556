import type { TrainConfig } from '../model/config.js';
import type { ModelOptions } from '../model/registry.js';

/** One option to search over. `part` and `option`: where it goes in `FitOptions`; `flag`: what it is on the command line. */
export interface Dimension {
  readonly part: 'network' | 'train';
  readonly option: string;
  readonly flag: string;
  /** A number between the two ends, evenly spread over their logarithms; or one of these values. */
  readonly range:
    | { readonly low: number; readonly high: number; readonly scale: 'log' | 'linear'; readonly whole?: true }
    | { readonly values: readonly unknown[] };
}

/** What a trial trains with, in the place of the defaults. */
export interface TrialOptions {
  readonly network: ModelOptions;
  readonly train: Partial<TrainConfig>;
}

const between = (low: number, high: number, scale: 'log' | 'linear' = 'log') => ({ low, high, scale });
const whole = (low: number, high: number) => ({ low, high, scale: 'log' as const, whole: true as const });
const network = (option: string, flag: string, range: Dimension['range']): Dimension => ({
  part: 'network',
  option,
  flag,
  range,
});
const train = (option: string, flag: string, range: Dimension['range']): Dimension => ({
  part: 'train',
  option,
  flag,
  range,
});

const DROPOUT = network('dropout', 'dropout', between(0.1, 0.7, 'linear'));
const RATE = train('learningRate', 'lr', between(3e-4, 5e-3));

/** What is searched of each model; models that are not named have nothing to search. */
export const SPACES: Readonly<Record<string, readonly Dimension[]>> = {
  itemknn: [
    network('neighbours', 'neighbours', whole(10, 1000)),
    network('shrink', 'shrink', between(0.01, 100)),
    network('weighting', 'weighting', { values: ['none', 'bm25'] }),
  ],
  ease: [
    network('l2', 'l2', between(10, 3000)),
    network('dropout', 'dropout', between(0, 0.8, 'linear')),
    network('userPower', 'user-power', between(0, 0.7, 'linear')),
    network('popularityPower', 'popularity-power', between(-0.3, 0, 'linear')),
  ],
  linear: [
    train('l2', 'l2', between(0.02, 10)),
    RATE,
    network('dropout', 'dropout', between(0, 0.7, 'linear')),
  ],
  mlp: [
    train('l2', 'l2', between(1e-4, 5e-2)),
    RATE,
    DROPOUT,
    network('hidden', 'hidden', { values: [[64], [128], [256], [128, 64], [256, 128]] }),
  ],
  dae: [
    train('l2', 'l2', between(1e-6, 1e-3)),
    RATE,
    DROPOUT,
    network('hidden', 'hidden', { values: [[100], [200], [400]] }),
  ],
  vae: [
    train('l2', 'l2', between(1e-6, 1e-3)),
    RATE,
    DROPOUT,
    network('kl', 'kl', between(0.02, 1)),
    network('latent', 'latent', whole(50, 400)),
  ],
  content: [
    train('l2', 'l2', between(1e-6, 1e-2)),
    RATE,
    DROPOUT,
    network('factors', 'factors', whole(16, 256)),
  ],
  gru: [RATE, DROPOUT, network('hidden', 'hidden', whole(32, 256))],
};

/** The options of a point of [0, 1)^dimensions. */
export function optionsAt(dimensions: readonly Dimension[], point: readonly number[]): TrialOptions {
  const parts = { network: {} as Record<string, unknown>, train: {} as Record<string, unknown> };
  dimensions.forEach(({ part, option, range }, d) => {
    parts[part][option] = valueAt(range, point[d]);
  });
  return parts as TrialOptions;
}

function valueAt(range: Dimension['range'], at: number): unknown {
  if ('values' in range) return range.values[Math.floor(at * range.values.length)];
  const { low, high, scale, whole: isWhole } = range;
  const value = scale === 'log' ? low * (high / low) ** at : low + (high - low) * at;
  // Three digits are as fine as a search can tell apart, and can be typed.
  return isWhole ? Math.round(value) : Number(value.toPrecision(3));
}

/** The options as they are typed: "--l2 812 --dropout 0.31"; empty for the defaults. */
export const flagsOf = (dimensions: readonly Dimension[], options: TrialOptions): string =>
  dimensions
    .flatMap(({ part, option, flag }) => {
      const value = (options[part] as Readonly<Record<string, unknown>>)[option];
      return value === undefined
        ? []
        : [`--${flag} ${Array.isArray(value) ? value.join(',') : String(value)}`];
    })
    // A negative number would look like an option.
    .map((text) => text.replace(/ (-\d)/, '=$1'))
    .join(' ');
