import type { Csr } from './csr.js';
import type { Interactions } from './interactions.js';
import type { EvaluationSet, Split } from './splitTypes.js';
import { Vocabulary } from './vocabulary.js';

/**
 * The same interactions and parts over more items: all of the log, also those that the training part lacks, and these.
 * What is trained on, shown and to be found stays the same, so that figures can be compared with those of models that know
 * the trained items only; but there are more items to rank.
 */
export function withItems(
  interactions: Interactions,
  split: Split,
  ids: readonly string[],
): { readonly interactions: Interactions; readonly split: Split } {
  const items = Vocabulary.sorted([...interactions.items.ids, ...ids]);
  const places = Uint32Array.from(interactions.items.ids, (id) => items.indexOf(id)!);
  const { matrix, entries } = mapped(interactions.matrix, places, items.size);
  const { timeSec, titles } = interactions;
  let known: (string | undefined)[] | undefined;
  if (titles) {
    known = new Array<string | undefined>(items.size).fill(undefined);
    for (const [item, title] of titles.entries()) known[places[item]] = title;
  }
  return {
    interactions: {
      ...interactions,
      items,
      matrix,
      ...(timeSec && { timeSec: Float64Array.from(entries, (e) => timeSec[e]) }),
      ...(known && { titles: known }),
    },
    split: splitOver(split, interactions.items, items),
  };
}

/** The parts of a split over the items of a larger vocabulary, by id; `from` is that of the interactions it was cut from. */
export function splitOver(split: Split, from: Vocabulary, items: Vocabulary): Split {
  const places = Uint32Array.from(split.itemIndices, (item) => items.indexOf(from.ids[item])!);
  const over = (matrix: Csr) => mapped(matrix, places, items.size).matrix;
  const setOver = (set: EvaluationSet): EvaluationSet => ({
    ...set,
    history: over(set.history),
    heldOut: over(set.heldOut),
  });
  return {
    ...split,
    itemIndices: Uint32Array.from({ length: items.size }, (_, item) => item),
    train: over(split.train),
    validation: setOver(split.validation),
    test: setOver(split.test),
  };
}

/** The matrix with its columns elsewhere, and which entry each of its entries was. */
function mapped(matrix: Csr, places: Uint32Array, columns: number): { matrix: Csr; entries: Uint32Array } {
  const { rows, indptr, values, positions } = matrix;
  const entries = Uint32Array.from({ length: matrix.indices.length }, (_, e) => e);
  for (let row = 0; row < rows; row++) {
    entries
      .subarray(indptr[row], indptr[row + 1])
      .sort((a, b) => places[matrix.indices[a]] - places[matrix.indices[b]]);
  }
  return {
    matrix: {
      rows,
      columns,
      indptr,
      indices: entries.map((e) => places[matrix.indices[e]]),
      values: values && Float32Array.from(entries, (e) => values[e]),
      ...(positions && { positions: entries.map((e) => positions[e]) }),
      ...(matrix.traits && { traits: matrix.traits }),
    },
    entries,
  };
}
