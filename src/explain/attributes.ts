import type { AttributeName, AttributeTable } from '../data/attributeValues.js';
import type { FeatureGroup } from '../data/features.js';
import type { Knowledge, Model } from '../model/model.js';
import type { Recommender } from '../recommend/recommender.js';
import type { History } from './scoring.js';

/** What attributes of the items of a history do to the score of an item: by place in `names`, where a history has them. */
export interface AttributeTerms {
  readonly names: readonly AttributeName[];
  of(history: History, item: number, contributions: ArrayLike<number>): Promise<ReadonlyMap<number, number>>;
}

/**
 * Of a table: the contributions of the items that share a value, added up. Without one, of a model that goes by what items
 * are like: exact terms, which over the columns add up to the score less that of an empty history. Undefined where
 * nothing is known of the items.
 */
export function attributeTerms(
  { model, parts }: Recommender,
  table: AttributeTable | undefined,
): AttributeTerms | undefined {
  if (table) return shared(table);
  const groups = parts.manifest['features'] as readonly FeatureGroup[] | undefined;
  const { knowledge } = model;
  const width = groups?.reduce((sum, group) => sum + group.width, 0);
  return knowledge && groups && width === knowledge.features.columns
    ? exact(model, knowledge, groups)
    : undefined;
}

const shared = ({ names, ofItem }: AttributeTable): AttributeTerms => ({
  names,
  async of({ indices }, _item, contributions) {
    const terms = new Map<number, number>();
    indices.forEach((item, place) => {
      for (const name of ofItem[item]) terms.set(name, (terms.get(name) ?? 0) + contributions[place]);
    });
    return terms;
  },
});

function exact(model: Model, knowledge: Knowledge, groups: readonly FeatureGroup[]): AttributeTerms {
  const names: AttributeName[] = [];
  /** Which names each feature counts for: its column, unless that is many flags, and its value. */
  const namesOf: number[][] = [];
  for (const { name, kind, width, values } of groups) {
    const column = kind === 'flag' ? [] : [names.push({ attribute: name }) - 1];
    for (let f = 0; f < width; f++) {
      const value = values?.[f];
      const own =
        value === undefined ? [] : [kind === 'flag' ? { attribute: value } : { attribute: name, value }];
      namesOf.push([...column, ...own.map((one) => names.push(one) - 1)]);
    }
  }
  return {
    names,
    async of(history, item) {
      const { indptr, indices, values } = knowledge.features;
      const weights = await knowledge.weightsFor(item);
      const inputs = model.inputValues(history);
      const terms = new Map<number, number>();
      history.indices.forEach((had, place) => {
        for (let e = indptr[had]; e < indptr[had + 1]; e++) {
          const term = (inputs?.[place] ?? 1) * (values?.[e] ?? 1) * weights[indices[e]];
          for (const name of namesOf[indices[e]]) terms.set(name, (terms.get(name) ?? 0) + term);
        }
      });
      return terms;
    },
  };
}
