import type { Backend } from '../backend/backend.js';
import type { Split } from '../data/splitTypes.js';
import { chooseWeights, type WeightChoice } from '../evaluate/blendWeights.js';
import { Blend } from '../model/blend.js';
import {
  type BlendMember,
  type BlendOptions,
  checkBlendOptions,
  DEFAULT_MEMBERS,
} from '../model/blendConfig.js';
import type { TrainConfig } from '../model/config.js';
import type { Model } from '../model/model.js';
import { fitModel, type ModelOptions, trainDefaults } from '../model/registry.js';
import { STOP_METRIC, type TrainResult } from '../train/trainer.js';
import type { FitOptions } from './fit.js';
import { hasTargets, learn } from './learn.js';

/** What a blend is made of: JSON. */
export interface BlendReport extends Omit<WeightChoice, 'chosenBy'> {
  readonly chosenBy: WeightChoice['chosenBy'] | 'asked';
  /** In the order of `weights`; members without weight are not in the model. */
  readonly members: readonly string[];
}

/** A model that has learned all it will. */
export interface Fitted {
  readonly model: Model;
  /** Of a model that is trained by itself. */
  readonly training: TrainResult | undefined;
  readonly blend?: BlendReport;
}

/** One model, fitted in one go or trained on the split. */
export async function fitOne(
  backend: Backend,
  split: Split,
  config: TrainConfig,
  options: FitOptions,
): Promise<Fitted> {
  const { model: name = 'mlp', signal, onEvent } = options;
  const model = await fitModel(
    name,
    backend,
    { train: split.train, config: options.network ?? {}, seed: config.seed, batch: config.batch },
    {
      signal,
      onProgress: (step, steps) => onEvent?.({ event: 'step', epoch: 1, epochs: 1, step, steps }),
      onNotice: (code, message) => onEvent?.({ event: 'notice', code, message }),
    },
  );
  try {
    return { model, training: await learn(backend, model, split, config, options) };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/**
 * A blend: each member is fitted or trained on its own, then weighted by the validation part. Members that get no weight
 * are left out. CONFIG for members or weights that make no sense.
 */
export async function fitBlend(
  backend: Backend,
  split: Split,
  { seed }: TrainConfig,
  options: FitOptions,
): Promise<Fitted> {
  const { members = DEFAULT_MEMBERS, weights: asked } = (options.network ?? {}) as Partial<BlendOptions>;
  checkBlendOptions({ members, weights: asked });
  const { signal, onEvent } = options;
  const made: Model[] = [];
  try {
    for (const [m, member] of members.entries()) {
      onEvent?.({ event: 'member', model: member.model, member: m + 1, members: members.length });
      made.push(await fitMember(backend, split, seed, member, options));
    }
    const names = members.map(({ model }) => model);
    const choice = asked ? asAsked(asked) : await chosen(backend, made, split, { seed, signal });
    if (choice.chosenBy === 'equal') {
      const message = `blend: equal weights, because ${choice.reason}`;
      onEvent?.({ event: 'notice', code: 'EQUAL_WEIGHTS', message });
    }
    const kept = made.flatMap((model, m) =>
      choice.weights[m] > 0 ? [{ model, weight: choice.weights[m] }] : [],
    );
    const blend = new Blend(backend, kept);
    for (const [m, model] of made.entries()) if (choice.weights[m] === 0) model.dispose();
    return { model: blend, training: undefined, blend: { members: names, ...choice } };
  } catch (error) {
    for (const model of made) model.dispose();
    throw error;
  }
}

async function fitMember(
  backend: Backend,
  split: Split,
  seed: number,
  { model, network, train }: BlendMember,
  options: FitOptions,
): Promise<Model> {
  // What is measured besides, saved and gone on from is the blend's, not a member's.
  const { planner, tune, tuneCache, signal, onEvent } = options;
  const own = { model, network: network as ModelOptions | undefined, planner, tune, tuneCache, signal };
  const config = { ...trainDefaults(model), ...train, seed: train?.seed ?? seed };
  return (await fitOne(backend, split, config, { ...own, onEvent })).model;
}

async function chosen(
  backend: Backend,
  models: readonly Model[],
  { validation }: Split,
  options: { readonly seed: number; readonly signal?: AbortSignal },
): Promise<WeightChoice> {
  if (hasTargets(validation)) {
    return chooseWeights(backend, models, validation, { ...options, metric: STOP_METRIC });
  }
  const weights = models.map(() => 1 / models.length);
  return {
    weights,
    chosenBy: 'equal',
    reason: 'there are no validation users',
    metric: STOP_METRIC,
    users: 0,
  };
}

function asAsked(weights: readonly number[]) {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return {
    weights: weights.map((weight) => weight / sum),
    chosenBy: 'asked' as const,
    metric: STOP_METRIC,
    users: 0,
  };
}
