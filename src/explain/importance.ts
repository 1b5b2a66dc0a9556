import { randomOrder, STREAM } from '../backend/random.js';
import { readStored } from '../backend/stored.js';
import type { AttributeName, AttributeTable } from '../data/attributeValues.js';
import { FoldinError, throwIfAborted } from '../errors.js';
import type { Recommender } from '../recommend/recommender.js';
import { attributeTerms } from './attributes.js';
import { ownAttribution } from './contributions.js';
import { historyRow, type Named, named } from './who.js';

export interface InfluentialItem extends Named {
  /** In how many of the sampled histories it is. */
  readonly histories: number;
  /** Mean absolute contribution where it is in the history, in units of the score; the list is sorted by its sum. */
  readonly meanAbsolute: number;
  /** Mean contribution, with its sign. */
  readonly mean: number;
}

/** An attribute of the items that people had. */
export interface InfluentialAttribute extends AttributeName {
  /** In how many of the sampled histories it is. */
  readonly histories: number;
  /** Mean absolute sum of what it contributes to a history that has it, in units of the score; sorted by its sum. */
  readonly meanAbsolute: number;
  /** The same with its sign. */
  readonly mean: number;
}

/** What a unit of the layer before the scores stands for: the items whose scores it raises most. */
export interface Unit {
  readonly unit: number;
  readonly items: readonly (Named & { readonly weight: number })[];
}

export interface Importance {
  readonly users: number;
  readonly influential: readonly InfluentialItem[];
  /** Empty where nothing is known of the items; see attributeTerms. */
  readonly attributes: readonly InfluentialAttribute[];
  readonly units: readonly Unit[];
  /**
   * How popular what is recommended is beside what people chose themselves: mean number of training users of the first
   * `k` recommended items and of the history's items. A ratio above 1: the model leans towards the popular.
   */
  readonly popularity: {
    readonly k: number;
    readonly recommended: number;
    readonly histories: number;
    readonly ratio: number;
  };
}

export interface ImportanceOptions {
  /** Users that are looked at; 100 by default. */
  readonly users?: number;
  readonly seed?: number;
  /** How many influential items and units are listed, and items a unit; 20, 16 and 5 by default. */
  readonly items?: number;
  /** What is known of the items, for a model that does not go by it; see attributeTable. */
  readonly known?: AttributeTable;
  /** How many attributes are listed; 20 by default. */
  readonly attributes?: number;
  readonly units?: number;
  readonly signal?: AbortSignal;
}

/**
 * What the model goes by as a whole: for a sample of users, what each item of their histories does to the score of
 * the item recommended first, and what the attributes of these items do. NO_HISTORY for a model that was saved without histories.
 */
export async function importance(
  recommender: Recommender,
  { users = 100, seed = 1, items = 20, attributes = 20, units = 16, known, signal }: ImportanceOptions = {},
): Promise<Importance> {
  const { backend, model, parts } = recommender;
  if (!parts.users) {
    throw new FoldinError(
      'NO_HISTORY',
      'this model was saved without histories, so there is nobody to look at',
      {
        remedy: 'Train without --no-histories.',
      },
    );
  }
  const ids = parts.users.ids;
  const asked = Array.from(
    randomOrder(ids.length, seed, STREAM.importanceSample, 0).subarray(0, users),
    (u) => ({
      user: ids[u],
    }),
  );
  const k = Math.min(10, parts.items.size);
  const lists = await recommender.recommendMany(asked, { k, signal });
  const byItem = new Sums();
  const byAttribute = new Sums();
  const terms = attributeTerms(recommender, known);
  const popularity = { recommended: 0, given: 0, histories: 0, entries: 0 };
  let looked = 0;
  for (const [i, who] of asked.entries()) {
    throwIfAborted(signal);
    const [first] = lists[i].items;
    const isKnown = recommender.historyOf(who).known.length > 0;
    if (!first || !isKnown || lists[i].source === 'fallback') continue;
    const { history } = historyRow(recommender, who);
    const target = recommender.indexOf(first.item);
    const { contributions } = await ownAttribution({ backend, model, signal }, history, target);
    history.indices.forEach((item, place) => {
      byItem.add(item, contributions[place]);
      popularity.histories += parts.popularity[item];
      popularity.entries++;
    });
    for (const [name, term] of (await terms?.of(history, target, contributions)) ?? [])
      byAttribute.add(name, term);
    for (const { item } of lists[i].items) {
      popularity.recommended += parts.popularity[recommender.indexOf(item)];
      popularity.given++;
    }
    looked++;
  }
  const recommended = popularity.recommended / Math.max(1, popularity.given);
  const chosen = popularity.histories / Math.max(1, popularity.entries);
  return {
    users: looked,
    influential: byItem.largest(items).map(([item, means]) => ({ ...named(parts, item), ...means })),
    attributes: byAttribute.largest(attributes).map(([name, means]) => ({ ...terms!.names[name], ...means })),
    units: await unitsOf(recommender, units),
    popularity: { k, recommended, histories: chosen, ratio: chosen > 0 ? recommended / chosen : 0 },
  };
}

/** Means of contributions by number. */
class Sums {
  readonly #sums = new Map<number, { histories: number; absolute: number; signed: number }>();

  add(key: number, contribution: number): void {
    const sum = this.#sums.get(key) ?? { histories: 0, absolute: 0, signed: 0 };
    sum.histories++;
    sum.absolute += Math.abs(contribution);
    sum.signed += contribution;
    this.#sums.set(key, sum);
  }

  /** Those whose absolute contributions add up to most, the largest first. */
  largest(most: number): [number, { histories: number; meanAbsolute: number; mean: number }][] {
    return [...this.#sums]
      .sort(([a, x], [b, y]) => y.absolute - x.absolute || a - b)
      .slice(0, most)
      .map(([key, { histories, absolute, signed }]) => [
        key,
        { histories, meanAbsolute: absolute / histories, mean: signed / histories },
      ]);
  }
}

/** The units whose weights differ most, with the items they raise most. */
async function unitsOf({ backend, model, parts }: Recommender, most: number): Promise<Unit[]> {
  if (!model.unitWeights) return [];
  const [units, items] = model.unitWeights.shape;
  const weights = Float64Array.from(await readStored(backend, model.unitWeights));
  const rows = Array.from({ length: units }, (_, unit) => weights.subarray(unit * items, (unit + 1) * items));
  return rows
    .map((row, unit) => ({ row, unit, size: Math.sqrt(row.reduce((sum, x) => sum + x * x, 0)) }))
    .sort((a, b) => b.size - a.size || a.unit - b.unit)
    .slice(0, most)
    .map(({ row, unit }) => ({
      unit,
      items: Array.from(row.keys())
        .sort((a, b) => row[b] - row[a] || a - b)
        .slice(0, 5)
        .map((item) => ({ ...named(parts, item), weight: row[item] })),
    }));
}
