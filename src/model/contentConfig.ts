import type { Csr } from '../data/csr.js';
import { FoldinError } from '../errors.js';
import { checkRange, checkWhole, TRAIN_DEFAULTS, type TrainConfig } from './config.js';

/** Users and items as points that are made of what items are like; see Content. */
export interface ContentConfig {
  /** d: numbers that stand for a user, and for an item. */
  readonly factors: number;
  /** Share of a history's items left out at random in training. */
  readonly dropout: number;
  /** Numbers that an item may be known by. */
  readonly width: number;
  /** Numbers that a user may be known by, besides what they did; 0 where users are known by that alone. */
  readonly userWidth: number;
}

/** What a new model is made with: also what is known of each column of the training histories, items x features. */
export interface ContentOptions extends Omit<ContentConfig, 'width' | 'userWidth'> {
  readonly features: Csr;
}

export const CONTENT_DEFAULTS: Omit<ContentConfig, 'width' | 'userWidth'> = { factors: 64, dropout: 0.5 };

export const CONTENT_TRAIN_DEFAULTS: TrainConfig = { ...TRAIN_DEFAULTS, l2: 1e-4 };

/** CONFIG, with the option's name, unless every value makes sense. */
export function checkContentConfig({ factors, dropout, width, userWidth }: ContentConfig): void {
  checkWhole('factors', factors, 1, 4096);
  checkRange('dropout', dropout, 0, 0.999);
  checkWhole('width', width, 1, 65_535);
  checkWhole('userWidth', userWidth, 0, 4096);
}

/** The features. CONFIG when there are none, SHAPE_MISMATCH when they are of other items, DIVERGED when one is no number. */
export function checkFeatures(features: Csr | undefined, items: number): Csr {
  if (!features) {
    throw new FoldinError(
      'CONFIG',
      'the model content goes by what items are like, and nothing is known of them',
      {
        remedy: 'Give attributes (--items FILE with more than titles) or vectors (--item-vectors FILE).',
      },
    );
  }
  if (features.rows !== items) {
    throw new FoldinError(
      'SHAPE_MISMATCH',
      `features of ${features.rows} items were given for ${items} items`,
      {
        remedy: 'Make features for exactly the items of the histories, in their order.',
      },
    );
  }
  requireNumbers(features, 'features of the items');
  return features;
}

/**
 * What is known of the users of training histories. SHAPE_MISMATCH when it is of other users, DIVERGED when one is no
 * number.
 */
export function checkTraits({ traits, rows }: Csr): Csr | undefined {
  if (!traits) return undefined;
  if (traits.rows !== rows) {
    throw new FoldinError('SHAPE_MISMATCH', `traits of ${traits.rows} users were given for ${rows} users`, {
      remedy: 'Make a row of traits for each history, in their order.',
    });
  }
  requireNumbers(traits, 'traits of the users');
  return traits;
}

function requireNumbers({ values }: Csr, what: string): void {
  const broken = values?.findIndex((value) => !Number.isFinite(value)) ?? -1;
  if (broken < 0) return;
  throw new FoldinError('DIVERGED', `the ${what} hold ${values![broken]}`, {
    remedy: 'Mend the attributes or vectors that they are made of.',
  });
}

/** SHAPE_MISMATCH when what is known of users is not in the numbers that a model was trained on. */
export function requireTraitWidth(traits: number, userWidth: number): void {
  if (traits === userWidth) return;
  throw new FoldinError(
    'SHAPE_MISMATCH',
    `users are known by ${traits} numbers here, and the model was trained on ${userWidth}`,
    { remedy: 'Make the traits as they were made for the training.' },
  );
}
