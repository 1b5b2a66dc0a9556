import { FoldinError } from '../errors.js';
import { type Csr, selectRows } from './csr.js';
import type { Interactions } from './interactions.js';
import type { EvaluationSet, Split } from './splitTypes.js';
import { Vocabulary } from './vocabulary.js';

/** The same interactions and more users, behind those of the log: they have done nothing yet. */
export function withMoreUsers(interactions: Interactions, ids: readonly string[]): Interactions {
  const { users, matrix } = interactions;
  const more = ids.filter((id) => users.indexOf(id) === undefined);
  if (more.length === 0) return interactions;
  const rows = users.size + more.length;
  const indptr = new Uint32Array(rows + 1).fill(matrix.indices.length);
  indptr.set(matrix.indptr);
  return {
    ...interactions,
    users: new Vocabulary([...users.ids, ...more]),
    matrix: { ...matrix, rows, indptr },
  };
}

/**
 * Interactions and the parts cut from them, with what is known of their users: traits users x features. SHAPE_MISMATCH when it
 * is of other users, CONFIG for parts that were not cut from these interactions, but given.
 */
export function withTraits(
  interactions: Interactions,
  split: Split,
  traits: Csr,
): { readonly interactions: Interactions; readonly split: Split } {
  const { matrix } = interactions;
  if (traits.rows !== matrix.rows) {
    throw new FoldinError(
      'SHAPE_MISMATCH',
      `traits of ${traits.rows} users were given for ${matrix.rows} users`,
      { remedy: 'Make a row of traits for each user of the interactions, in their order.' },
    );
  }
  const over = (histories: Csr, users: Uint32Array | undefined): Csr => {
    if (users) return { ...histories, traits: selectRows(traits, users) };
    if (histories.rows === 0) return histories;
    throw new FoldinError('CONFIG', `the parts of a ${split.name} split do not say which users they hold`, {
      remedy: 'Leave the attributes of users out, or have the parts cut from the log.',
    });
  };
  const part = (set: EvaluationSet): EvaluationSet => ({ ...set, history: over(set.history, set.users) });
  return {
    interactions: { ...interactions, matrix: { ...matrix, traits } },
    split: {
      ...split,
      train: over(split.train, split.trainUsers),
      validation: part(split.validation),
      test: part(split.test),
    },
  };
}
