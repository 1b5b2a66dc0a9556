import { csrFromRows, rowIndices } from '../data/csr.js';
import { evaluationSet } from '../data/given.js';
import { refuseLeaks } from '../data/leakage.js';
import { Vocabulary } from '../data/vocabulary.js';
import { FoldinError } from '../errors.js';
import type { ModelContents } from '../store/modelFile.js';
import type { Context } from './command.js';
import type { EvaluateFlags, Found } from './evaluate.js';
import { noteLog, readInteractions } from './logs.js';
import { cleaningOf, readingOf } from './options.js';

/**
 * Fold-in and held-out files over the items of a model. LEAKAGE when a pair is to be found that stands in the
 * history of its user, here or in the model file.
 */
export async function givenFiles(
  { out, options, signal }: Context<EvaluateFlags>,
  contents: ModelContents,
): Promise<Found> {
  const read = async (file: string) => {
    const found = await readInteractions([file], readingOf(options), cleaningOf(options), { out, signal });
    noteLog(out, [file], found);
    return found.interactions;
  };
  const items = new Vocabulary(contents.items);
  const set = evaluationSet(items, await read(options.foldin!), await read(options.heldout!));
  if (set.heldOut.rows === 0) {
    throw new FoldinError('SPLIT_EMPTY', `none of ${set.cold! + set.skipped!} users can be scored`, {
      remedy: `The files must hold the same users, and items of the model such as "${items.ids[0]}".`,
      details: { cold: set.cold, skipped: set.skipped },
    });
  }
  const nothing = csrFromRows([], items.size);
  const nobody = { history: nothing, heldOut: nothing };
  refuseLeaks({
    name: 'given',
    seed: 0,
    itemIndices: Uint32Array.from(items.ids.keys()),
    train: nothing,
    validation: nobody,
    test: set,
    dropped: { users: 0, interactions: 0, coldItems: 0 },
  });
  refuseKnown(contents, set);
  if (!contents.histories) {
    out.warn(
      'the model file holds no histories: whether it was trained on what is to be found cannot be seen',
    );
  }
  return { set, split: 'given', seed: 0 };
}

/** What the model file has in the history of a user cannot be held out of them. */
function refuseKnown(
  { users, histories, items }: ModelContents,
  set: ReturnType<typeof evaluationSet>,
): void {
  if (!users || !histories) return;
  const rowOf = new Map(users.map((id, row) => [id, row]));
  set.userIds.forEach((user, row) => {
    const own = rowOf.get(user);
    const known = new Set(own === undefined ? [] : rowIndices(histories, own));
    const both = rowIndices(set.heldOut, row).find((item) => known.has(item));
    if (both === undefined) return;
    const pair = { user, item: items[both] };
    throw new FoldinError(
      'LEAKAGE',
      `item "${pair.item}" is to be found for user "${user}", but the log of the training had it in their history`,
      {
        remedy:
          'Hold out what the log of the training does not have, or evaluate with that log: foldin evaluate MODEL LOG.',
        details: pair,
      },
    );
  });
}
