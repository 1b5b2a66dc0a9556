import { randomOrder, randomUniform, STREAM } from '../backend/random.js';
import { FoldinError } from '../errors.js';
import type { LogRow } from './logRows.js';
import { GENRES, titleOf } from './sampleTitles.js';

export interface SampleOptions {
  /** 2000 by default. */
  users?: number;
  /** 500 by default. */
  items?: number;
  /** 1 by default. */
  seed?: number;
  /** Groups of taste, 2 to 8; 6 by default. Each loves one category of books. */
  groups?: number;
}

export interface SampleItem {
  readonly item: string;
  readonly title: string;
  readonly category: string;
}

export interface SampleLog {
  /** By user, then by time. */
  readonly rows: readonly Required<Omit<LogRow, 'value'>>[];
  readonly items: readonly SampleItem[];
  /** The group each user was made from: what `foldin groups` should find again. */
  readonly users: readonly { readonly user: string; readonly group: string }[];
}

/** Shelves of a category; a reader keeps mostly to one, so there is more to learn than the category. */
const SHELVES = 4;
const YEAR_FROM_SEC = Date.UTC(2024, 0, 1) / 1000;
const YEAR_SEC = 366 * 86_400;

/** Where a purchase comes from; the rest is anything by popularity. */
const FROM = { shelf: 0.55, category: 0.2, secondCategory: 0.15 };

/** What a random number of the sample is for: the second place of its stream. */
const USE = {
  group: 0,
  second: 1,
  shelf: 2,
  length: 3,
  start: 4,
  end: 5,
  source: 6,
  pick: 7,
  time: 8,
} as const;

/**
 * A made-up bookshop's log with known groups of taste: item popularity falls with rank (a long tail), history
 * lengths too, and each user buys mostly from one shelf of one category. The same options give the same log.
 */
export function sampleLog(options: SampleOptions = {}): SampleLog {
  const { users = 2000, items = 500, seed = 1, groups = 6 } = options;
  check(users, items, groups);
  const uniform = (user: number, use: number, n = 0) =>
    randomUniform(seed, STREAM.sample, user, use + 16 * (n + 1));
  // The id tells nothing: category, shelf and popularity come from a random order of the items.
  const order = randomOrder(items, seed, STREAM.sample, 0);
  const pools = Array.from({ length: groups }, () => ({
    all: new Pool(),
    shelves: Array.from({ length: SHELVES }, () => new Pool()),
  }));
  const everything = new Pool();
  const catalogue: SampleItem[] = [];
  order.forEach((item, rank) => {
    const group = rank % groups;
    const place = Math.floor(rank / groups);
    const weight = (rank + 4) ** -0.8;
    for (const pool of [everything, pools[group].all, pools[group].shelves[place % SHELVES]]) {
      pool.add(item, weight);
    }
    const { category } = GENRES[group];
    catalogue[item] = { item: id('b', item, items), title: titleOf(GENRES[group], place), category };
  });

  const rows: SampleLog['rows'][number][] = [];
  const readers: SampleLog['users'][number][] = [];
  for (let u = 0; u < users; u++) {
    const user = id('u', u, users);
    const group = Math.floor(uniform(u, USE.group) * groups);
    const second = Math.floor(uniform(u, USE.second) * groups);
    const shelf = Math.floor(uniform(u, USE.shelf) * SHELVES);
    readers.push({ user, group: GENRES[group].category });
    const length = Math.min(5 - 18 * Math.log(1 - uniform(u, USE.length)), items / 4);
    const bought = new Set<number>();
    // A popular item may be drawn again and again: a shelf can run out, the tries cannot.
    for (let n = 0; bought.size < length && n < 20 * length; n++) {
      const source = uniform(u, USE.source, n);
      const pool =
        source < FROM.shelf
          ? pools[group].shelves[shelf]
          : source < FROM.shelf + FROM.category
            ? pools[group].all
            : source < FROM.shelf + FROM.category + FROM.secondCategory
              ? pools[second].all
              : everything;
      bought.add(pool.draw(uniform(u, USE.pick, n)));
    }
    const start = 0.7 * uniform(u, USE.start);
    const end = start + (1 - start) * (0.2 + 0.8 * uniform(u, USE.end));
    const times = Array.from(bought, (_, n) => start + (end - start) * uniform(u, USE.time, n)).sort();
    [...bought].forEach((item, n) => {
      const timeSec = YEAR_FROM_SEC + Math.floor(times[n] * YEAR_SEC);
      rows.push({ user, item: catalogue[item].item, timeSec });
    });
  }
  return { rows, items: catalogue, users: readers };
}

/** The sample as two CSV files: `user,item,time` and `item,title,category`. */
export function sampleCsv({ rows, items }: SampleLog): { log: string; items: string } {
  const time = (sec: number) => new Date(1000 * sec).toISOString().replace('.000', '');
  return {
    log: csv(
      ['user', 'item', 'time'],
      rows.map(({ user, item, timeSec }) => [user, item, time(timeSec)]),
    ),
    items: csv(
      ['item', 'title', 'category'],
      items.map(({ item, title, category }) => [item, title, category]),
    ),
  };
}

/** RFC 4180 text, lines ended by LF. */
export const csv = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [header, ...rows].map((row) => `${row.map(csvField).join(',')}\n`).join('');

const csvField = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Items with weights, drawn with a probability in proportion. */
class Pool {
  readonly #items: number[] = [];
  readonly #upTo: number[] = [];

  add(item: number, weight: number): void {
    this.#upTo.push((this.#upTo.at(-1) ?? 0) + weight);
    this.#items.push(item);
  }

  /** The item at a place in [0, 1). */
  draw(place: number): number {
    const target = place * this.#upTo[this.#upTo.length - 1];
    let [low, high] = [0, this.#upTo.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#upTo[middle] > target) high = middle;
      else low = middle + 1;
    }
    return this.#items[low];
  }
}

/** "b0042": as many digits as the largest needs, at least four. */
const id = (letter: string, index: number, count: number): string =>
  letter + String(index + 1).padStart(Math.max(4, String(count).length), '0');

function check(users: number, items: number, groups: number): void {
  const fail = (what: string, remedy: string): never => {
    throw new FoldinError('CONFIG', what, { remedy });
  };
  if (!(Number.isInteger(users) && users >= 1))
    fail(`users is ${users}`, 'Give a whole number of at least 1.');
  if (!(Number.isInteger(groups) && groups >= 2 && groups <= GENRES.length)) {
    fail(`groups is ${groups}`, `Give a whole number from 2 to ${GENRES.length}.`);
  }
  const least = groups * SHELVES;
  if (!(Number.isInteger(items) && items >= least)) {
    fail(`items is ${items}`, `Give a whole number of at least ${least}, one for every shelf.`);
  }
}
