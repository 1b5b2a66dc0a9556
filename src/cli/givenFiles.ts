import { rowIndices } from '../data/csr.js';
import { evaluationSet } from '../data/given.js';
import { type Leak, quoted, refuseLeaks } from '../data/leaks/leak.js';
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
  const leaks = refuseLeaks(knownLeaks(contents, set), options.allowLeak);
  if (!contents.histories) {
    out.warn(
      'the model file holds no histories: whether it was trained on what is to be found cannot be seen',
    );
  }
  return { set, split: 'given', seed: 0, userName: (row) => set.userIds[row], leaks };
}

/** What the model file has in the history of a user cannot be held out of them. */
function knownLeaks(
  { users, histories, items }: ModelContents,
  { heldOut, userIds }: ReturnType<typeof evaluationSet>,
): Leak[] {
  if (!users || !histories) return [];
  const rowOf = new Map(users.map((id, row) => [id, row]));
  const found = userIds.flatMap((user, row) => {
    const own = rowOf.get(user);
    const known = new Set(own === undefined ? [] : rowIndices(histories, own));
    return [...rowIndices(heldOut, row)]
      .filter((item) => known.has(item))
      .map((item) => ({ user, item: items[item] }));
  });
  if (found.length === 0) return [];
  const [{ user, item }] = found;
  return [
    {
      kind: 'pair',
      message:
        `${found.length === 1 ? 'a pair is' : `${found.length} pairs are`} to be found that the log of the training had in the history, ` +
        `such as user ${quoted(user)}, item ${quoted(item)}`,
      remedy:
        'Hold out what the log of the training does not have, or evaluate with that log: foldin evaluate MODEL LOG.',
      details: { pairs: found.length, user, item },
    },
  ];
}
