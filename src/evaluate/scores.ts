import type { Backend, Tensor } from '../backend/backend.js';
import type { ItemBlock } from '../backend/blocks.js';
import { type ConsecutiveRows, type DeviceRows, freeAll } from '../backend/sparse.js';
import type { Model } from '../model/model.js';

/** Users scored in one batch. */
const BATCH = 256;
/** Rows that a tensor has in memory anyway. */
const FEWEST = 8;

/** The scores of a batch for a block of items: f32[batch, count]. */
export interface ScoreBlock extends ItemBlock {
  readonly scores: Tensor;
}

/**
 * Room for the scores of a batch of users, in the blocks of the model: for all blocks at once (`together`), or for one
 * after the other. The batch is as large as lets all of it take no more than one tensor may, so that a large catalogue
 * needs no more memory than a small one.
 */
export class Scores {
  /** Users that a batch can have. */
  readonly batch: number;
  readonly blocks: readonly ScoreBlock[];

  constructor(
    backend: Backend,
    private readonly model: Model,
    users: number,
    { together, most = BATCH }: { readonly together: boolean; readonly most?: number },
  ) {
    const blocks = model.blocks ?? [{ first: 0, count: model.items }];
    const fitting = backend.mostRows(together ? model.items : blocks[0].count);
    this.batch = Math.max(1, Math.min(most, users, Math.max(FEWEST, fitting)));
    const made: ScoreBlock[] = [];
    try {
      for (const block of blocks) {
        const shared = together ? undefined : made.find(({ count }) => count === block.count);
        made.push({ ...block, scores: shared?.scores ?? backend.zeros('f32', [this.batch, block.count]) });
      }
    } catch (error) {
      freeAll(made.map(({ scores }) => scores));
      throw error;
    }
    this.blocks = made;
  }

  /** Scores a batch, block by block: where they are not kept together, a block is to be used before the next is asked for. */
  *of(histories: DeviceRows, batch: ConsecutiveRows): Generator<ScoreBlock> {
    for (const block of this.blocks) {
      this.model.score(histories, batch, block.scores, block.first);
      yield block;
    }
  }

  free(): void {
    freeAll(this.blocks.map(({ scores }) => scores));
  }
}

/** Scores a batch and reads them back: f32[batch, items], row by row. */
export async function readScores(
  backend: Backend,
  scored: Scores,
  histories: DeviceRows,
  rows: ConsecutiveRows,
): Promise<Float32Array | Float64Array> {
  const { blocks, batch } = scored;
  const items = blocks.reduce((sum, { count }) => sum + count, 0);
  const all = backend.precision === 'f64' ? new Float64Array(batch * items) : new Float32Array(batch * items);
  for (const { scores, first, count } of scored.of(histories, rows)) {
    const found = await backend.read(scores);
    for (let row = 0; row < batch; row++) {
      all.set(found.subarray(row * count, (row + 1) * count), row * items + first);
    }
  }
  return all;
}
