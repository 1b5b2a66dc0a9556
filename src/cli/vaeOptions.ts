import { type Command, Option } from 'commander';
import type { NetworkConfig } from '../model/config.js';
import { checkVaeConfig, VAE_DEFAULTS, type VaeConfig } from '../model/vaeConfig.js';
import { defineBlend } from './blendOptions.js';
import { defineContent } from './contentOptions.js';
import { given, number, wholeNumber } from './options.js';

/** Flags of the variational autoencoder. */
export interface VaeFlags {
  readonly hidden?: number[];
  readonly activation?: NetworkConfig['activation'];
  readonly dropout?: number;
  readonly normalise?: VaeConfig['normalise'];
  readonly userPower?: number;
  readonly decay?: number;
  readonly latent?: number;
  readonly kl?: number;
  readonly anneal?: number;
  readonly outputBias?: VaeConfig['outputBias'];
}

export const VAE_FLAGS = [
  'hidden',
  'activation',
  'dropout',
  'normalise',
  'userPower',
  'decay',
  'latent',
  'kl',
  'anneal',
  'outputBias',
] as const;

export const defineVae = (command: Command): Command =>
  defineContent(defineBlend(command))
    .option(
      '--latent <units>',
      `vae: units in the middle (default ${VAE_DEFAULTS.latent})`,
      wholeNumber('latent'),
    )
    .option('--kl <x>', `vae: what the divergence counts as (default ${VAE_DEFAULTS.kl})`, number('kl'))
    .option(
      '--anneal <share>',
      `vae: of all updates, over which that rises from 0 (default ${VAE_DEFAULTS.anneal})`,
      number('anneal'),
    )
    .addOption(
      new Option(
        '--output-bias <start>',
        `vae: where it starts, popularity: log of an item's share of users (default ${VAE_DEFAULTS.outputBias})`,
      ).choices(['zero', 'popularity']),
    );

/** The options that flags ask for. CONFIG when they make no sense. */
export function vaeOptions(flags: VaeFlags): Partial<VaeConfig> {
  const { hidden, activation, dropout, normalise, userPower, decay, latent, kl, anneal, outputBias } = flags;
  const options = {
    hidden,
    activation,
    dropout,
    normalise,
    userPower,
    decay,
    latent,
    kl,
    anneal,
    outputBias,
  };
  const asked: Partial<VaeConfig> = given(options);
  checkVaeConfig({ ...VAE_DEFAULTS, ...asked });
  return asked;
}
