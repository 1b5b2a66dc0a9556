import { rm } from 'node:fs/promises';
import { FoldinError } from '../errors.js';
import { canonicalObject } from '../store/canonicalJson.js';
import { readFileBytes, writeFileAtomic } from '../store/files.node.js';
import type { Checkpoint } from '../train/checkpoint.js';
import { decodeCheckpoint, encodeCheckpoint } from '../train/checkpointFile.js';

/** Data, model and options that a training to be resumed must share with the interrupted one. */
export type MadeWith = Readonly<Record<string, unknown>>;

/** Writes the state of a training to a file now and then, and removes it when all went well. */
export class Checkpointer {
  #lastMs = performance.now();
  /** Epochs in the file; 0 before the first writing. */
  savedEpoch = 0;

  constructor(
    readonly path: string,
    private readonly madeWith: MadeWith,
    private readonly options: {
      readonly everyMs: number;
      readonly epochs: number;
      readonly patience: number;
      /** The file that is gone on from, if any: done, it is of no use. */
      readonly resumed: string | undefined;
    },
  ) {}

  /** To be called after every epoch. */
  async offer(take: () => Promise<Checkpoint>): Promise<void> {
    if (performance.now() - this.#lastMs < this.options.everyMs) return;
    const checkpoint = await take();
    // The training is over. From here on a resumed one would add an epoch where patience has run out, and would
    // not know its last validation where all epochs are done: it starts from the checkpoint before.
    const { epochs, patience } = this.options;
    if (checkpoint.epoch >= epochs || (patience > 0 && checkpoint.stale >= patience)) return;
    await writeFileAtomic(this.path, await encodeCheckpoint({ checkpoint, madeWith: this.madeWith }));
    this.savedEpoch = checkpoint.epoch;
    this.#lastMs = performance.now();
  }

  async remove(): Promise<void> {
    if (this.savedEpoch > 0 || this.options.resumed === this.path) await rm(this.path, { force: true });
  }
}

/** A checkpoint to go on from. Errors of the file name its path; CONFIG when it was made with something else. */
export async function readCheckpoint(path: string): Promise<{ checkpoint: Checkpoint; madeWith: MadeWith }> {
  const bytes = await readFileBytes(path);
  try {
    return await decodeCheckpoint(bytes);
  } catch (error) {
    if (!(error instanceof FoldinError)) throw error;
    throw new FoldinError(error.code, `${path}: ${error.message}`, { remedy: error.remedy, cause: error });
  }
}

/** CONFIG, naming the first difference, unless a checkpoint was made with the same. */
export function requireSame(path: string, was: MadeWith, now: MadeWith): void {
  for (const name of new Set([...Object.keys(was), ...Object.keys(now)])) {
    const [before, after] = [was, now].map((all) => textOf(all[name]));
    if (before === after) continue;
    throw new FoldinError('CONFIG', `${path} was made with ${name} ${before}, not ${after}`, {
      remedy: 'Resume with the log and the options of the interrupted training, or train from the start.',
      details: { path, name },
    });
  }
}

/** A value as it is compared and shown, whatever the order of its keys. */
const textOf = (value: unknown): string =>
  canonicalObject({ value: value ?? null }, 'option').slice('{"value":'.length, -1);
