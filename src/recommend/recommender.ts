import type { Backend } from '../backend/backend.js';
import { NO_ITEM, NOT_FINITE } from '../backend/ops.js';
import { consecutive, uploadRows } from '../backend/sparse.js';
import { asStored, readStored } from '../backend/stored.js';
import { type Csr, columnCounts, csrFromRows, rowIndices, selectKnownRows } from '../data/csr.js';
import { entriesInOrder } from '../data/order.js';
import type { EvaluationSet } from '../data/splitTypes.js';
import { Vocabulary } from '../data/vocabulary.js';
import { type Weighing, weighed } from '../data/weighing.js';
import { FoldinError } from '../errors.js';
import { readScores, Scores } from '../evaluate/scores.js';
import { itemBits, topLists } from '../evaluate/topLists.js';
import type { Model } from '../model/model.js';
import { loadModel } from '../model/registry.js';
import { loadRows, rowArrays } from '../model/storedRows.js';
import type { Manifest, ModelContents, ModelTensor } from '../store/modelFile.js';

/** Who is asking: a user of the log by id, or anyone by what they did, the latest last. */
export type Who = { readonly user: string } | { readonly history: readonly string[] };

export interface RecommendOptions {
  /** How many items; 10 by default. */
  readonly k?: number;
  /** The only items that may be given. */
  readonly include?: readonly string[];
  /** Items that must not be given. */
  readonly exclude?: readonly string[];
  /** Also items that the user has already seen. */
  readonly withSeen?: boolean;
  readonly signal?: AbortSignal;
}

export interface RecommendedItem {
  readonly item: string;
  /** The model's raw score; of the fallback, how many training users have the item. */
  readonly score: number;
  readonly title?: string;
}

export interface Recommendation {
  readonly user?: string;
  /** Best first; ties to the item that comes first in the vocabulary. */
  readonly items: readonly RecommendedItem[];
  /** `fallback`: nothing of the history is known, so these are the most popular items. */
  readonly source: 'model' | 'fallback';
  /** Items of the history, include or exclude list that the model has never seen; they were ignored. */
  readonly unknownItems: readonly string[];
  /** How many fewer items than asked for there were to give. */
  readonly shortfall: number;
}

export interface RecommenderParts {
  readonly items: Vocabulary;
  readonly titles?: readonly (string | undefined)[];
  /** Users of the log and their histories over `items`; absent in a model saved without them. */
  readonly users?: Vocabulary;
  readonly histories?: Csr;
  /** How histories are weighed before they go in; absent where they are not. `histories` are weighed already. */
  readonly weighing?: Weighing;
  /** u32 or f32[items]: how many training users have each item; what the fallback goes by. */
  readonly popularity: ArrayLike<number>;
  readonly manifest: Manifest;
}

/** Someone's history as the model knows it: item indices. */
export interface KnownHistory {
  readonly known: readonly number[];
  readonly unknown: readonly string[];
  /** Where not all are 1. */
  readonly weights?: Float32Array;
  /** Whether `known` is in the order in which it happened. */
  readonly inOrder: boolean;
  /** The row of a user of the log whose traits are known. */
  readonly traits?: number;
}

/** The tensor of a model file that holds `popularity`. */
const POPULARITY = 'fallback.popularity';
/** And the one that weighs histories, with its rule in the manifest. */
const IDF = 'weighing.idf';
/** What is known of the users, as sparse rows, and how many numbers that is. */
const TRAITS = ['lengths', 'places', 'values', 'width'].map((part) => `traits.${part}`);

/** What a model file's fallback goes by: training users by item. */
export const storedPopularity = ({ tensors }: ModelContents): ArrayLike<number> =>
  new Map(tensors).get(POPULARITY)?.values ?? [];

/** MODEL_CORRUPT when one half of it is missing. */
function storedWeighing({ tensors, manifest, items }: ModelContents): Weighing | undefined {
  const idf = new Map(tensors).get(IDF);
  const { weighing } = manifest as { weighing?: Pick<Weighing, 'rule' | 'meanLength'> };
  if (!idf && !weighing) return undefined;
  if (weighing && idf?.values.length === items.length) {
    return { rule: weighing.rule, meanLength: weighing.meanLength, idf: Float32Array.from(idf.values) };
  }
  throw new FoldinError('MODEL_CORRUPT', 'the file does not hold all that its histories are weighed by', {
    remedy: 'Train the model again, or take an undamaged copy of the file.',
  });
}

/** Takes what is known of the users out of a file's tensors. MODEL_CORRUPT when it is not of these users. */
function takeTraits(tensors: Map<string, ModelTensor>, users: number): Csr | undefined {
  const found = new Map(
    TRAITS.flatMap((name) => {
      const tensor = tensors.get(name);
      tensors.delete(name);
      return tensor ? [[name, { ...tensor, values: asStored(tensor.values) }] as const] : [];
    }),
  );
  if (found.size === 0) return undefined;
  try {
    return loadRows(found, 'traits', found.get('traits.width')?.values[0] ?? 0, users);
  } catch (cause) {
    throw new FoldinError('MODEL_CORRUPT', 'what the file says of its users does not fit them', {
      remedy: 'Train the model again, or take an undamaged copy of the file.',
      cause,
    });
  }
}

/** A trained model with the ids, titles and histories it needs to answer people. */
export class Recommender {
  constructor(
    readonly backend: Backend,
    readonly model: Model,
    readonly parts: RecommenderParts,
  ) {}

  /** A recommender from a model file's contents. MODEL_CORRUPT when its parts do not fit together. */
  static load(backend: Backend, contents: ModelContents): Recommender {
    const tensors = new Map(contents.tensors);
    const items = new Vocabulary(contents.items);
    const popularity = tensors.get(POPULARITY);
    tensors.delete(POPULARITY);
    const weighing = storedWeighing(contents);
    tensors.delete(IDF);
    if (popularity?.values.length !== items.size) {
      throw new FoldinError('MODEL_CORRUPT', 'the file holds no popularity of its items', {
        remedy: 'Train the model again, or take an undamaged copy of the file.',
      });
    }
    const known = takeTraits(tensors, contents.histories?.rows ?? 0);
    const histories =
      known && contents.histories ? { ...contents.histories, traits: known } : contents.histories;
    const arrays = new Map(
      [...tensors].map(([name, { shape, values }]) => [name, { shape, values: asStored(values) }]),
    );
    return new Recommender(backend, loadModel(contents.model, backend, items.size, contents.config, arrays), {
      items,
      titles: contents.titles,
      users: contents.users && new Vocabulary(contents.users),
      histories,
      weighing,
      popularity: popularity.values,
      manifest: contents.manifest,
    });
  }

  /** What a model file holds; `histories: false` leaves users and their histories out. */
  async contents(options: { histories?: boolean } = {}): Promise<ModelContents> {
    const { items, titles, users, histories, weighing, popularity, manifest } = this.parts;
    const tensors = new Map<string, ModelTensor>();
    for (const [name, tensor] of this.model.tensors) {
      tensors.set(name, { shape: tensor.shape, values: asStored(await readStored(this.backend, tensor)) });
    }
    tensors.set(POPULARITY, { shape: [items.size], values: Float32Array.from(popularity) });
    if (weighing) tensors.set(IDF, { shape: [items.size], values: weighing.idf });
    const kept = (options.histories ?? true) && { users: users?.ids, histories };
    if (kept && histories?.traits) {
      for (const [name, values] of rowArrays('traits', histories.traits)) {
        tensors.set(name, { shape: [values.length], values });
      }
      tensors.set('traits.width', { shape: [1], values: Float32Array.of(histories.traits.columns) });
    }
    return {
      model: this.model.name,
      config: this.model.config,
      tensors,
      items: items.ids,
      titles,
      ...kept,
      manifest,
    };
  }

  /** The k best items for one user or history. UNKNOWN_ID for a user that the model file does not know. */
  async recommend(who: Who, options: RecommendOptions = {}): Promise<Recommendation> {
    return (await this.recommendMany([who], options))[0];
  }

  /** The same for many at once, in batches on the device. */
  async recommendMany(whos: readonly Who[], options: RecommendOptions = {}): Promise<Recommendation[]> {
    const { items } = this.parts;
    const { k = 10, withSeen = false, signal } = options;
    if (!Number.isInteger(k) || k < 1) {
      throw new FoldinError('CONFIG', `k is ${k}; expected a whole number of at least 1`, {
        remedy: 'Ask for k >= 1 items.',
      });
    }
    const include = options.include && this.#indices(options.include);
    const exclude = this.#indices(options.exclude ?? []);
    const histories = whos.map((who) => this.historyOf(who));
    const seen = histories.map(({ known }) => [...new Set([...(withSeen ? [] : known), ...exclude.known])]);
    const seenRows = csrFromRows(seen, items.size);
    const allowed = include && itemBits(include.known, items.size);
    const lists = await topLists(this.backend, this.model, {
      histories: this.matrixOf(histories),
      seen: seenRows,
      allowed,
      k: Math.min(k, items.size),
      signal,
    });
    const width = Math.min(k, items.size);
    return whos.map((who, row) => {
      const { known, unknown } = histories[row];
      // What is known of somebody is enough for a model that goes by it.
      const empty = known.length === 0 && histories[row].traits === undefined;
      const found = empty
        ? this.#mostPopular(width, rowIndices(seenRows, row), include?.known)
        : this.#listed(
            lists.items.subarray(row * width, (row + 1) * width),
            lists.scores.subarray(row * width),
          );
      return {
        ...('user' in who && { user: who.user }),
        items: found,
        source: empty ? 'fallback' : 'model',
        unknownItems: [...new Set([...unknown, ...(include?.unknown ?? []), ...exclude.unknown])],
        shortfall: k - found.length,
      };
    });
  }

  /** The model's raw score of one item for one user or history: higher is better. UNKNOWN_ID for an unknown item. */
  async score(who: Who, item: string): Promise<number> {
    const index = this.indexOf(item);
    const { backend, model } = this;
    const histories = this.matrixOf([this.historyOf(who)]);
    const input = uploadRows(backend, histories, model.inputValues(histories));
    const rows = consecutive(backend, 1);
    const scores = new Scores(backend, model, 1, { together: false });
    try {
      const batch = { rows, first: 0, count: 1, consecutive: true } as const;
      return (await readScores(backend, scores, input, batch))[index];
    } finally {
      scores.free();
      input.free();
      rows.free();
    }
  }

  /** Frees the model; the backend stays. */
  dispose(): void {
    this.model.dispose();
  }

  /** Where an item is in the vocabulary. UNKNOWN_ID when it is not. */
  indexOf(item: string): number {
    const index = this.parts.items.indexOf(item);
    if (index === undefined) throw this.#unknown('item', item, this.parts.items);
    return index;
  }

  /** What is known of someone, in the order in which it happened where that is known. NO_HISTORY, UNKNOWN_ID. */
  historyOf(who: Who): KnownHistory {
    if ('history' in who) {
      const found = this.#indices(who.history);
      return { ...found, weights: this.#weightsOf(found.known), inOrder: true };
    }
    const { users, histories } = this.parts;
    if (!users || !histories) {
      throw new FoldinError('NO_HISTORY', 'this model was saved without histories, so it knows no users', {
        remedy: 'Give the history itself (--history a,b,c), or train without --no-histories.',
      });
    }
    const row = users.indexOf(who.user);
    if (row === undefined) throw this.#unknown('user', who.user, users);
    const entries = entriesInOrder(histories, row);
    return {
      known: Array.from(entries, (e) => histories.indices[e]),
      unknown: [],
      weights: histories.values && Float32Array.from(entries, (e) => histories.values![e]),
      inOrder: histories.positions !== undefined,
      ...(histories.traits && { traits: row }),
    };
  }

  /**
   * An evaluation set whose histories hold plain values, as the model is to see it: weighed, and with what is known of the
   * users where their names are told.
   */
  asSeen(set: EvaluationSet, userName?: (row: number) => string | undefined): EvaluationSet {
    const { weighing, histories, users } = this.parts;
    const history = weighing ? weighed(set.history, weighing) : set.history;
    if (!histories?.traits || !userName) return { ...set, history };
    const rows = Array.from({ length: history.rows }, (_, row) => users?.indexOf(userName(row) ?? ''));
    return { ...set, history: { ...history, traits: selectKnownRows(histories.traits, rows) } };
  }

  /** Of a history without values. */
  #weightsOf(known: readonly number[]): Float32Array | undefined {
    const { weighing, items } = this.parts;
    if (!weighing) return undefined;
    const { indices, values } = weighed(csrFromRows([known], items.size), weighing);
    const weightOf = new Map(Array.from(indices, (item, e) => [item, values![e]]));
    return Float32Array.from(known, (item) => weightOf.get(item)!);
  }

  /** Histories as rows of a matrix, with their order where all have one. */
  matrixOf(histories: readonly KnownHistory[]): Csr {
    const traits = this.parts.histories?.traits;
    const matrix = csrFromRows(
      histories.map(({ known }) => known),
      this.parts.items.size,
      histories.some(({ weights }) => weights)
        ? histories.map(({ known, weights }) => weights ?? new Array(known.length).fill(1))
        : undefined,
      { inOrder: histories.every(({ inOrder }) => inOrder) },
    );
    if (!traits) return matrix;
    const rows = histories.map(({ traits: row }) => row);
    return { ...matrix, traits: selectKnownRows(traits, rows) };
  }

  /** Of an id that is given twice the last place counts, as in a log. */
  #indices(ids: readonly string[]): { known: number[]; unknown: string[] } {
    const known = new Set<number>();
    const unknown: string[] = [];
    for (const id of ids) {
      const index = this.parts.items.indexOf(id);
      if (index === undefined) {
        unknown.push(id);
        continue;
      }
      known.delete(index);
      known.add(index);
    }
    return { known: [...known], unknown };
  }

  #unknown(kind: 'user' | 'item', id: string, vocabulary: Vocabulary): FoldinError {
    const examples = vocabulary.ids.slice(0, 3).map((known) => `"${known}"`);
    const instead =
      kind === 'user' ? ' A new user needs no training: give the history (--history a,b,c).' : '';
    return new FoldinError('UNKNOWN_ID', `the model knows no ${kind} "${id}"`, {
      remedy: `Ids are exact strings, such as ${examples.join(', ')}.${instead}`,
      details: { [kind]: id },
    });
  }

  #listed(indices: Uint32Array, scores: Float32Array | Float64Array): RecommendedItem[] {
    if (indices[0] === NOT_FINITE) {
      throw new FoldinError('DIVERGED', 'the model gave scores that are not finite numbers', {
        remedy: 'Train it again with a lower learning rate (--lr).',
      });
    }
    return Array.from(indices)
      .filter((index) => index !== NO_ITEM)
      .map((index, place) => this.#item(index, scores[place]));
  }

  #mostPopular(k: number, seen: Iterable<number>, include: readonly number[] | undefined): RecommendedItem[] {
    const { popularity } = this.parts;
    const hidden = new Set(seen);
    return (include ?? Array.from(popularity, (_, index) => index))
      .filter((index) => !hidden.has(index))
      .sort((a, b) => popularity[b] - popularity[a] || a - b)
      .slice(0, k)
      .map((index) => this.#item(index, popularity[index]));
  }

  #item(index: number, score: number): RecommendedItem {
    const title = this.parts.titles?.[index];
    return { item: this.parts.items.ids[index], score, ...(title !== undefined && { title }) };
  }
}

/** Popularity as the fallback goes by it: training users an item. */
export const popularityOf = (train: Csr): Uint32Array => columnCounts(train);
