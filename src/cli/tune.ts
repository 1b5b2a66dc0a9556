import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Command, Option } from 'commander';
import type { TuneCache, TuneMode } from '../backend/tuning.js';
import type { TunedEvent } from '../events.js';
import { writeFileAtomic } from '../store/files.node.js';
import { VERSION } from '../version.js';
import type { Output } from './output.js';
import { duration } from './table.js';
import { cacheFolder } from './verified.js';

export interface TuneFlags {
  readonly tune?: TuneMode;
}

/** `compare` has the same by another name: its `--tune` is the search for options. */
export interface TuneKernelsFlags {
  readonly tuneKernels?: TuneMode;
}

const option = (name: string): Option =>
  new Option(
    `${name} <how>`,
    'time the ways to compute dense products first: off, quick, full (default: quick on a hardware GPU, else off)',
  ).choices(['off', 'quick', 'full']);

export const defineTune = (command: Command): Command => command.addOption(option('--tune'));
export const defineTuneKernels = (command: Command): Command => command.addOption(option('--tune-kernels'));

/** What `fit` is told: measurements are kept beside what `foldin verify` found. */
export const tuneOptions = (tune: TuneMode | undefined, out: Output) => ({ tune, tuneCache: fileCache(out) });

/** One file a key, written whole or not at all. */
export function fileCache(out: Pick<Output, 'warn'>): TuneCache {
  const fileOf = (key: string): string => {
    const name = createHash('sha256').update(`${VERSION}\n${key}`).digest('hex').slice(0, 32);
    return join(cacheFolder(), 'tuned', `${name}.json`);
  };
  return {
    get: (key) => readFile(fileOf(key), 'utf8').catch(() => undefined),
    async set(key, value) {
      const file = fileOf(key);
      try {
        await mkdir(dirname(file), { recursive: true });
        await writeFileAtomic(file, new TextEncoder().encode(value));
      } catch (error) {
        out.warn(`what was timed is not kept: ${(error as Error).message}`);
      }
    },
  };
}

/** "kernels: matmulNN tile-64-8-8, ... (timed in 310 ms)" */
export function tunedText({ tuning, from, ms }: TunedEvent): string {
  const ways = Object.entries(tuning).map(([product, way]) => `${product} ${way}`);
  const source = {
    cache: 'timed before',
    checkpoint: 'as in the checkpoint',
    measurement: `timed in ${duration(ms)}`,
  };
  return `kernels: ${ways.join(', ')} (${source[from]})`;
}
