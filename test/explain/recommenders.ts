import type { Backend } from '../../src/backend/backend.js';
import { randomOrder, randomUniform } from '../../src/backend/random.js';
import { type Csr, columnCounts } from '../../src/data/csr.js';
import { positionsBy } from '../../src/data/order.js';
import { Vocabulary } from '../../src/data/vocabulary.js';
import { fitModel, type ModelOptions } from '../../src/model/registry.js';
import { Recommender } from '../../src/recommend/recommender.js';
import type { Manifest } from '../../src/store/modelFile.js';
import { randomCsr } from '../../src/verify/inputs.js';

export const ITEMS = 60;

/** A model over 60 items "i0" ... with titles for the even ones; networks have their first, random weights. */
export async function recommenderOf(
  backend: Backend,
  model: string,
  config: ModelOptions = {},
): Promise<Recommender> {
  const rows = randomCsr(200, ITEMS, (user) => 0.05 + 0.3 * randomUniform(5, 0, 0, user), 51);
  // For models that go by order, one is as good as another.
  const positions = positionsBy(
    rows.indptr,
    Float64Array.from(rows.indices, (_, e) => randomUniform(6, 0, 0, e)),
  );
  const train = { ...rows, positions };
  return new Recommender(backend, await fitModel(model, backend, { train, config, seed: 3 }), {
    items: new Vocabulary(Array.from({ length: ITEMS }, (_, i) => `i${i}`)),
    titles: Array.from({ length: ITEMS }, (_, i) => (i % 2 === 0 ? `Title ${i}` : undefined)),
    popularity: columnCounts(train),
    manifest: {} as Manifest,
  });
}

/** What might be known of the items: numbers at random, nothing of some of them. */
export const featuresOf = (width: number): Csr =>
  randomCsr(ITEMS, width, (item) => (item % 9 === 4 ? 0 : 0.4), 61, true);

/** A seeded history of `length` items and an item outside it. */
export function askedFor(seed: number, length: number): { history: string[]; item: string } {
  const [item, ...rest] = Array.from(randomOrder(ITEMS, 77, 1, seed), (i) => `i${i}`);
  return { history: rest.slice(0, length), item };
}
