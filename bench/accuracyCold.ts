// Items that are new: held out of training entirely, to be ranked among themselves for users of few events or none.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../src/backend/backend.js';
import { randomOrder } from '../src/backend/random.js';
import { consecutive, uploadRows } from '../src/backend/sparse.js';
import { readItemAttributes, readUserAttributes } from '../src/data/attributes.js';
import { type CleanOptions, clean } from '../src/data/clean.js';
import { type Csr, csrFromRows, rowIndices, selectRows } from '../src/data/csr.js';
import { type FeatureOptions, itemFeatures } from '../src/data/features.js';
import { fileSource } from '../src/data/files.node.js';
import type { Interactions } from '../src/data/interactions.js';
import { type ReadLogOptions, readLog } from '../src/data/readLog.js';
import type { Split } from '../src/data/splitTypes.js';
import { evaluate } from '../src/evaluate/evaluate.js';
import { evaluateRanks } from '../src/evaluate/evaluateRanks.js';
import { parseMetric, type RankMetric } from '../src/evaluate/parseMetric.js';
import { firstOf, withGroupPrior } from '../src/groups/prior.js';
import { Popular, Random } from '../src/model/baselines.js';
import { Blend } from '../src/model/blend.js';
import type { Model } from '../src/model/model.js';
import { fitModel, type ModelOptions, trainDefaults } from '../src/model/registry.js';
import { learn } from '../src/recommend/learn.js';

interface ColdLog {
  readonly name: string;
  readonly log: string;
  readonly items: string;
  /** What is known of the users, and what its columns hold. */
  readonly users?: string;
  readonly traits?: FeatureOptions;
  readonly reading?: ReadLogOptions;
  readonly cleaning?: CleanOptions;
  readonly features?: FeatureOptions;
  readonly encoding?: 'latin1';
}

const LOGS: readonly ColdLog[] = [
  {
    name: 'ml-100k',
    log: 'ml-100k/u.data',
    items: 'ml-100k/u.item',
    users: 'ml-100k/u.user',
    // The fifth is the postal code.
    traits: { kinds: { 5: 'unused' } },
    cleaning: { minValue: 4, minUser: 5 },
    encoding: 'latin1',
  },
  {
    name: 'grocery',
    log: 'grocery/train.csv',
    items: 'grocery/item_meta.csv',
    cleaning: { minUser: 3, minItem: 10 },
  },
];

/** Streams of the choices made here. */
const ITEMS = 151;
const USERS = 152;
const EVENTS = 153;
const METRICS = ['ndcg@10', 'recall@10'];
const EVENTS_SHOWN = [0, 1, 3, Number.POSITIVE_INFINITY];

/** For each log: figures on new items, by how much of a user is known, and what mixing in does to known items. */
export async function coldStart(
  backend: Backend,
  folder: string,
  names: readonly string[],
  seed: number,
): Promise<void> {
  for (const log of LOGS.filter(({ name }) => names.includes(name))) {
    if (!existsSync(join(folder, log.log))) {
      console.log(`${log.name}: skipped, its files are not in ${folder}`);
      continue;
    }
    await oneLog(backend, folder, log, seed);
  }
}

async function oneLog(backend: Backend, folder: string, log: ColdLog, seed: number): Promise<void> {
  const rows = (await readLog([fileSource(join(folder, log.log))], log.reading ?? {})).rows;
  const { interactions } = clean(rows, log.cleaning ?? {});
  const { matrix, items } = interactions;
  const order = randomOrder(matrix.columns, seed, ITEMS, 0);
  const isNew = new Uint8Array(matrix.columns);
  for (const item of order.subarray(0, Math.round(matrix.columns / 5))) isNew[item] = 1;
  const attributes = await readItemAttributes(fileSource(join(folder, log.items)), {
    encoding: log.encoding,
  });
  const features = itemFeatures(items, (item) => isNew[item] === 0, { attributes }, log.features);
  console.log(
    `${log.name}: ${features.known} of ${items.size} items known by ${features.groups.map(({ name, kind, width }) => `${name} (${kind}, ${width})`).join('; ')}`,
  );

  const users = randomOrder(matrix.rows, seed, USERS, 0);
  const tenth = Math.round(matrix.rows / 10);
  const mine = (user: number, wanted: 0 | 1) =>
    Array.from(rowIndices(matrix, user)).filter((i) => isNew[i] === wanted);
  const rowsOf = (chosen: readonly (readonly number[])[]): Csr => csrFromRows(chosen, matrix.columns);
  const trainUsers = users.subarray(2 * tenth);
  const train = rowsOf(Array.from(trainUsers, (user) => mine(user, 0)));
  const traits = await traitsOf(folder, log, interactions, new Set(trainUsers));
  /** Histories of these users with what is known of them. */
  const known = (histories: Csr, of: ArrayLike<number>): Csr =>
    traits ? { ...histories, traits: selectRows(traits, of) } : histories;
  /** Held-out users whose known items are cut in two: what is shown and what is to be found. */
  const part = (chosen: Uint32Array) => {
    const cut = Array.from(chosen, (user) => {
      const own = mine(user, 0);
      const mixed = Array.from(randomOrder(own.length, seed, EVENTS, user), (place) => own[place]);
      const shown = Math.ceil(own.length / 5);
      return { user, history: mixed.slice(shown), held: mixed.slice(0, shown) };
    }).filter(({ history }) => history.length > 0);
    return {
      history: rowsOf(cut.map(({ history }) => history)),
      heldOut: rowsOf(cut.map(({ held }) => held)),
      users: Uint32Array.from(cut, ({ user }) => user),
    };
  };
  const testUsers = users.subarray(0, tenth);
  const split: Split = {
    name: 'given',
    seed,
    itemIndices: Uint32Array.from({ length: matrix.columns }, (_, i) => i),
    train,
    validation: part(users.subarray(tenth, 2 * tenth)),
    test: part(testUsers),
    dropped: { users: 0, interactions: 0, coldItems: 0 },
  };
  const made = async (name: string, network: ModelOptions, on: Split = split): Promise<Model> => {
    const config = { ...trainDefaults(name), seed };
    const started = performance.now();
    const init = { train: on.train, config: network, seed, batch: config.batch };
    const model = await fitModel(name, backend, init);
    const result = await learn(backend, model, on, config, {});
    const epochs = result ? `, epoch ${result.bestEpoch} of ${result.epochs}` : '';
    console.log(
      `${log.name} ${name}: made in ${((performance.now() - started) / 1000).toFixed(0)} s${epochs}`,
    );
    return model;
  };
  const content = await made('content', { features: features.matrix });
  const { validation } = split;
  const peopled = traits && {
    ...split,
    train: known(train, trainUsers),
    validation: { ...validation, history: known(validation.history, validation.users!) },
  };
  const withUsers = peopled && (await made('content', { features: features.matrix }, peopled));
  const ease = await made('ease', {});
  const popular = Popular.fit(backend, train);
  const chance = new Random(backend, matrix.columns, { seed });

  for (const shown of EVENTS_SHOWN) {
    const asked = Array.from(testUsers, (user) => {
      const own = mine(user, 0);
      const history = Array.from(randomOrder(own.length, seed, EVENTS, user), (place) => own[place]);
      return { user, history: history.slice(0, shown), wanted: mine(user, 1) };
    }).filter(({ history, wanted }) => wanted.length > 0 && (history.length === shown || shown > 3));
    const histories = rowsOf(asked.map(({ history }) => history));
    const wanted = rowsOf(asked.map(({ wanted: items }) => items));
    const people = known(
      histories,
      asked.map(({ user }) => user),
    );
    for (const [name, model, shownAs] of [
      ['content', content, histories],
      ...(withUsers ? ([['content, users known', withUsers, people]] as const) : []),
      ['ease', ease, histories],
      ['popular', popular, histories],
      ['random', chance, histories],
    ] as const) {
      const { metrics } = await amongNew(backend, model, shownAs, wanted, isNew);
      const figures = METRICS.map(
        (metric) => `${metric} ${metrics[metric].mean.toFixed(4)} ± ${metrics[metric].se!.toFixed(4)}`,
      );
      const events = Number.isFinite(shown) ? `${shown} events` : 'all events';
      console.log(
        `${log.name} new items, ${events.padEnd(10)} ${name.padEnd(20)} ${figures.join('  ')}  ${asked.length} users`,
      );
    }
  }
  for (const weight of [0, 0.05, 0.1, 0.2, 1]) {
    const mixed = new Blend(backend, [
      { model: ease, weight: 1 - weight },
      { model: content, weight },
    ]);
    const { metrics } = await evaluate(backend, mixed, split.test, { metrics: ['ndcg@100'] });
    const { metrics: cold } = await amongNew(
      backend,
      mixed,
      rowsOf(Array.from(testUsers, (user) => mine(user, 0))),
      rowsOf(Array.from(testUsers, (user) => mine(user, 1))),
      isNew,
    );
    console.log(
      `${log.name} ease and ${weight} of content: known and new items ranked together, known ones to find: ndcg@100 ${metrics['ndcg@100'].mean.toFixed(4)}; new items among themselves ndcg@10 ${cold['ndcg@10'].mean.toFixed(4)}`,
    );
  }
  if (withUsers && peopled) {
    const { test } = split;
    const seen = { ...test, history: known(test.history, test.users!) };
    for (const [name, model, set] of [
      ['content', content, test],
      ['content, users known', withUsers, seen],
    ] as const) {
      for (const shown of EVENTS_SHOWN) {
        const history =
          shown === 0
            ? { ...rowsOf(new Array(test.history.rows).fill([])), traits: set.history.traits }
            : Number.isFinite(shown)
              ? firstOf(set.history, shown, seed)
              : set.history;
        const found = await evaluate(backend, model, { ...set, history }, { metrics: ['ndcg@100'] });
        const { mean, se } = found.metrics['ndcg@100'];
        console.log(
          `${log.name} known items, ${shown} events, ${name.padEnd(20)} ndcg@100 ${mean.toFixed(4)} ± ${se!.toFixed(4)}`,
        );
      }
    }
  }
  for (const model of [content, ease, ...(withUsers ? [withUsers] : [])]) model.dispose();
  // Known items, for users of whom little is known: models with and without the tastes of groups.
  for (const name of ['ease', 'ials', 'itemknn']) {
    const base = await made(name, {});
    const plain = await byEvents(backend, base, split, seed);
    const { model, report } = await withGroupPrior(backend, base, split, { seed });
    const grouped = await byEvents(backend, model, split, seed);
    const likes = await byEvents(backend, popular, split, seed);
    model.dispose();
    for (const [events, figure] of Object.entries(plain)) {
      console.log(
        `${log.name} known items, ${events.padEnd(10)} ndcg@100: ${name} ${figure}, with ${report.groups} groups (c ${report.prior}) ${grouped[events]}, popular ${likes[events]}`,
      );
    }
  }
  popular.dispose();
}

/** What is known of the users, counted on those that are trained on; undefined where no file says it. */
async function traitsOf(
  folder: string,
  { users: file, traits, encoding }: ColdLog,
  { users }: Interactions,
  trained: ReadonlySet<number>,
): Promise<Csr | undefined> {
  if (file === undefined || !existsSync(join(folder, file))) return undefined;
  const attributes = await readUserAttributes(fileSource(join(folder, file)), { encoding });
  const found = itemFeatures(users, (user) => trained.has(user), { attributes }, { ...traits, of: 'user' });
  console.log(
    `${found.known} of ${users.size} users known by ${found.groups.map(({ name, kind, width }) => `${name} (${kind}, ${width})`).join('; ')}`,
  );
  return found.matrix;
}

/** ndcg@100 with its standard error over the test users, by how many of their events are shown. */
async function byEvents(
  backend: Backend,
  model: Model,
  { test }: Split,
  seed: number,
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const count of EVENTS_SHOWN.slice(1)) {
    const history = Number.isFinite(count) ? firstOf(test.history, count, seed) : test.history;
    const { metrics } = await evaluate(backend, model, { ...test, history }, { metrics: ['ndcg@100'] });
    const { mean, se } = metrics['ndcg@100'];
    found[Number.isFinite(count) ? `${count} events` : 'all events'] =
      `${mean.toFixed(4)} ± ${se!.toFixed(4)}`;
  }
  return found;
}

/** Ranks of the new items a user has, among all new items; of equal scores the mean over their orders. */
async function amongNew(backend: Backend, model: Model, histories: Csr, wanted: Csr, isNew: Uint8Array) {
  const counts = new Uint32Array(3 * wanted.indices.length);
  const among = Array.from(isNew.keys()).filter((item) => isNew[item] === 1);
  const size = 128;
  const input = uploadRows(backend, histories, model.inputValues(histories));
  const rows = consecutive(backend, histories.rows);
  const scores = backend.zeros('f32', [size, model.items]);
  for (let first = 0; first < histories.rows; first += size) {
    const count = Math.min(size, histories.rows - first);
    model.score(input, { rows, first, count, consecutive: true }, scores);
    const found = await backend.read(scores);
    for (let row = 0; row < count; row++) {
      const own = found.subarray(row * model.items, (row + 1) * model.items);
      for (let e = wanted.indptr[first + row]; e < wanted.indptr[first + row + 1]; e++) {
        const item = wanted.indices[e];
        for (const other of among) {
          if (other === item) continue;
          if (own[other] > own[item]) counts[3 * e]++;
          else if (own[other] === own[item]) {
            if (other < item) counts[3 * e + 1]++;
            counts[3 * e + 2]++;
          }
        }
      }
    }
  }
  input.free();
  rows.free();
  scores.free();
  const candidates = new Uint32Array(histories.rows).fill(among.length);
  return evaluateRanks(
    { indptr: wanted.indptr, counts, candidates },
    METRICS.map((metric) => parseMetric(metric) as RankMetric),
  );
}
