import { mix } from '../backend/random.js';
import { FoldinError } from '../errors.js';
import type { AttributeColumn, ItemAttributes } from './attributes.js';
import type { Csr } from './csr.js';
import { parseNumber } from './numbers.js';
import type { Vocabulary } from './vocabulary.js';

/** What a column holds: one or more of a list (cut at "|" or in brackets), 0 or 1, an amount, words; or nothing of use. */
export type AttributeKind = 'category' | 'flag' | 'number' | 'text' | 'unused';

/** Vectors of items from elsewhere, such as the embeddings of a language model. */
export interface ItemVectors {
  readonly file: string;
  /** By row; absent where the rows are those of the attributes. */
  readonly ids?: readonly string[];
  readonly width: number;
  /** f32[rows, width] */
  readonly values: Float32Array;
}

/** Which of the numbers of an item say what. */
export interface FeatureGroup {
  readonly name: string;
  readonly kind: Exclude<AttributeKind, 'unused'> | 'vector';
  readonly width: number;
  /** What each of the numbers stands for: categories, or the columns of flags. */
  readonly values?: readonly string[];
}

export interface Features {
  /** items x numbers: each group scaled to length 1 (numbers: in standard deviations), nothing where nothing is known. */
  readonly matrix: Csr;
  readonly groups: readonly FeatureGroup[];
  /** Items of which something is known. */
  readonly known: number;
}

export interface FeatureOptions {
  /** What columns hold, by name, where it is not to be guessed. */
  readonly kinds?: Readonly<Record<string, AttributeKind>>;
  /** What is known by it, for messages: items by default. */
  readonly of?: 'item' | 'user';
  /** Buckets that the words of a column are hashed to; 256 by default. */
  readonly textWidth?: number;
}

/** Values of a column that become categories: those that two items have at least, the most common ones. */
const MOST_CATEGORIES = 256;
/** Standard deviations beyond which a number is no further away. */
const FARTHEST = 3;

/**
 * What is known of each item as numbers: categories as 0 and 1 (multi-hot), flags as one such group, numbers in standard
 * deviations, words by TF-IDF hashed with signs (Weinberger et al. 2009), given vectors as they are. What is counted for
 * that (which categories there are, means, how common words are) is counted on the items of `trained` alone.
 * LOG_FORMAT when neither attributes nor vectors know an item, SHAPE_MISMATCH when their rows do not fit each other,
 * CONFIG for a kind of an unknown column.
 */
export function itemFeatures(
  items: Vocabulary,
  trained: (item: number) => boolean,
  { attributes, vectors }: { readonly attributes?: ItemAttributes; readonly vectors?: ItemVectors },
  { kinds = {}, textWidth = 256, of = 'item' }: FeatureOptions = {},
): Features {
  const parts: Part[] = [];
  const known = new Uint8Array(items.size);
  if (attributes) {
    const { rowOf, columns } = columnsOver(items, attributes, kinds, of);
    rowOf.forEach((row, item) => {
      if (row >= 0) known[item] = 1;
    });
    const taught = { trained: (item: number) => trained(item) && rowOf[item] >= 0, textWidth };
    const flags: AttributeColumn[] = [];
    for (const column of columns) {
      const kind = kinds[column.name] ?? guessKind(column);
      if (kind === 'flag') flags.push(column);
      else if (kind !== 'unused') parts.push(...PARTS[kind](column, taught));
    }
    if (flags.length > 0) parts.push(flagPart(flags));
  }
  if (vectors) {
    const ids = vectors.ids ?? attributes?.ids;
    if (!ids || ids.length !== vectors.values.length / vectors.width) {
      throw new FoldinError(
        'SHAPE_MISMATCH',
        `${vectors.file} holds ${vectors.values.length / vectors.width} vectors without ids, and there are ${ids?.length ?? 'no'} items to match their rows`,
        {
          remedy:
            'Give --items with one item a row in the same order, or a file that holds ids beside its vectors.',
        },
      );
    }
    const rowOf = rowsOf(items, ids);
    requireKnown(items, vectors.file, ids, of);
    rowOf.forEach((row, item) => {
      if (row >= 0) known[item] = 1;
    });
    parts.push(vectorPart(vectors, rowOf));
  }
  const width = parts.reduce((sum, part) => sum + part.width, 0);
  if (width === 0) {
    throw new FoldinError(
      'LOG_FORMAT',
      `${attributes?.file ?? 'nothing'} says nothing of the ${of}s that could be used`,
      {
        remedy: `Give a file with categories, numbers or words of each ${of}, or say what a column holds.`,
      },
    );
  }
  return {
    matrix: packed(parts, items.size, width),
    groups: parts.map(({ name, kind, width: own, values }) => ({
      name,
      kind,
      width: own,
      ...(values && { values }),
    })),
    known: known.reduce((sum, one) => sum + one, 0),
  };
}

/** The numbers of all parts, item by item, without those that are 0. */
function packed(parts: readonly Part[], items: number, width: number): Csr {
  const indptr = new Uint32Array(items + 1);
  const indices: number[] = [];
  const values: number[] = [];
  const row = new Float32Array(width);
  for (let item = 0; item < items; item++) {
    row.fill(0);
    let at = 0;
    for (const part of parts) {
      part.fill(item, row.subarray(at, at + part.width));
      at += part.width;
    }
    row.forEach((value, place) => {
      if (value === 0) return;
      indices.push(place);
      values.push(value);
    });
    indptr[item + 1] = indices.length;
  }
  const entries = { indices: Uint32Array.from(indices), values: Float32Array.from(values) };
  return { rows: items, columns: width, indptr, ...entries };
}

interface Part extends FeatureGroup {
  /** Into zeros. */
  fill(item: number, out: Float32Array): void;
}

interface Taught {
  readonly trained: (item: number) => boolean;
  readonly textWidth: number;
}

const PARTS: Readonly<
  Record<'category' | 'number' | 'text', (column: AttributeColumn, taught: Taught) => Part[]>
> = {
  category: categoryPart,
  number: numberPart,
  text: textPart,
};

/** The columns of attributes with a value an item, '' where there is none, and the row of each item. */
export function columnsOver(
  items: Vocabulary,
  attributes: ItemAttributes,
  kinds: Readonly<Record<string, AttributeKind>>,
  of: 'item' | 'user' = 'item',
): { readonly rowOf: Int32Array; readonly columns: readonly AttributeColumn[] } {
  const rowOf = rowsOf(items, attributes.ids);
  requireKnown(items, attributes.file, attributes.ids, of);
  requireColumns(attributes, kinds);
  const columns = attributes.columns.map(({ name, values }) => ({
    name,
    values: Array.from(rowOf, (row) => (row < 0 ? '' : values[row])),
  }));
  return { rowOf, columns };
}

/** Row of each item, -1 where there is none. */
function rowsOf(items: Vocabulary, ids: readonly string[]): Int32Array {
  const rows = new Int32Array(items.size).fill(-1);
  ids.forEach((id, row) => {
    const item = items.indexOf(id);
    if (item !== undefined && rows[item] < 0) rows[item] = row;
  });
  return rows;
}

/** LOG_FORMAT when a file knows none of what is in a log. */
export function requireKnown(
  known: Vocabulary,
  file: string,
  ids: readonly string[],
  of: 'item' | 'user' = 'item',
): void {
  if (ids.some((id) => known.indexOf(id) !== undefined)) return;
  throw new FoldinError(
    'LOG_FORMAT',
    `${file} knows no ${of} of the log: it has ids such as "${ids[0] ?? ''}", the log "${known.ids[0]}"`,
    {
      remedy: `Give the file whose ${of} ids are those of the log; ids are exact strings.`,
      details: { file },
    },
  );
}

function requireColumns(
  { file, columns }: ItemAttributes,
  kinds: Readonly<Record<string, AttributeKind>>,
): void {
  const names = columns.map(({ name }) => name);
  const unknown = Object.keys(kinds).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new FoldinError('COLUMN_MISSING', `${file} has no column "${unknown}"`, {
    remedy: `Its columns are ${names.map((name) => `"${name}"`).join(', ')}.`,
    details: { file, columns: names },
  });
}

/** Names of columns whose numbers are codes. */
const CODES = /categ|genre|brand|colou?r|type|depart|class|tag|code|group|kind|shelf|aisle/i;

/** What a column seems to hold, by its name and its values. */
export function guessKind({ name, values }: AttributeColumn): AttributeKind {
  const filled = values.filter((value) => value.trim() !== '');
  const distinct = new Set(filled).size;
  if (distinct < 2) return 'unused';
  if (filled.every((value) => value === '0' || value === '1')) return 'flag';
  if (filled.every((value) => Number.isFinite(parseNumber(value))))
    return CODES.test(name) ? 'category' : 'number';
  const lists = filled.filter((value) => /\||^\s*\[.*\]\s*$/.test(value)).length;
  if (lists > filled.length / 10) return 'category';
  const spaced = filled.filter((value) => /\s/.test(value.trim())).length;
  // Distinct words without blanks are ids, addresses, names of files.
  if (distinct > 0.9 * filled.length && spaced < filled.length / 2) return 'unused';
  return distinct <= filled.length / 2 ? 'category' : 'text';
}

/** "a|b" and "[a, b]" -> a, b. */
export const categoriesOf = (value: string): string[] => [
  ...new Set(
    (/^\s*\[.*\]\s*$/.test(value) ? value.trim().slice(1, -1).split(',') : value.split('|'))
      .map((one) => one.trim())
      .filter((one) => one !== ''),
  ),
];

function categoryPart({ name, values }: AttributeColumn, { trained }: Taught): Part[] {
  const counts = new Map<string, number>();
  values.forEach((value, item) => {
    if (!trained(item)) return;
    for (const one of categoriesOf(value)) counts.set(one, (counts.get(one) ?? 0) + 1);
  });
  const kept = [...counts]
    .filter(([, count]) => count > 1)
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .slice(0, MOST_CATEGORIES);
  const places = new Map(kept.map(([one], place) => [one, place]));
  if (places.size === 0) return [];
  return [
    {
      name,
      kind: 'category',
      width: places.size,
      values: [...places.keys()],
      fill(item, out) {
        for (const one of categoriesOf(values[item])) {
          const place = places.get(one);
          if (place !== undefined) out[place] = 1;
        }
        scaleToOne(out);
      },
    },
  ];
}

const flagPart = (columns: readonly AttributeColumn[]): Part => ({
  name: columns.map(({ name }) => name).join(', '),
  kind: 'flag',
  width: columns.length,
  values: columns.map(({ name }) => name),
  fill(item, out) {
    columns.forEach(({ values }, place) => {
      out[place] = values[item] === '1' ? 1 : 0;
    });
    scaleToOne(out);
  },
});

function numberPart({ name, values }: AttributeColumn, { trained }: Taught): Part[] {
  const numbers = values.map((value) => (value.trim() === '' ? Number.NaN : parseNumber(value)));
  const taught = numbers.filter((number, item) => trained(item) && Number.isFinite(number));
  const mean = taught.reduce((sum, number) => sum + number, 0) / taught.length;
  const sd = Math.sqrt(taught.reduce((sum, number) => sum + (number - mean) ** 2, 0) / taught.length);
  if (!(sd > 0)) return [];
  return [
    {
      name,
      kind: 'number',
      width: 1,
      fill(item, out) {
        const z = (numbers[item] - mean) / sd;
        // Nothing known: as the average.
        out[0] = Number.isFinite(z) ? Math.max(-FARTHEST, Math.min(FARTHEST, z)) / FARTHEST : 0;
      },
    },
  ];
}

function textPart({ name, values }: AttributeColumn, { trained, textWidth }: Taught): Part[] {
  const counted = values.map((value) => {
    const words = new Map<number, number>();
    for (const word of wordsOf(value)) words.set(word, (words.get(word) ?? 0) + 1);
    return words;
  });
  const having = new Map<number, number>();
  let documents = 0;
  counted.forEach((words, item) => {
    if (!trained(item) || words.size === 0) return;
    documents++;
    for (const word of words.keys()) having.set(word, (having.get(word) ?? 0) + 1);
  });
  return [
    {
      name,
      kind: 'text',
      width: textWidth,
      fill(item, out) {
        for (const [word, times] of counted[item]) {
          const idf = Math.log((1 + documents) / (1 + (having.get(word) ?? 0))) + 1;
          const bits = mix(word);
          out[bits % textWidth] += (bits & 0x80000000 ? -1 : 1) * (1 + Math.log(times)) * idf;
        }
        scaleToOne(out);
      },
    },
  ];
}

/** Words of two letters or digits and more, in lower case, as 32-bit hashes (FNV-1a of their UTF-16 units). */
function wordsOf(text: string): number[] {
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]{2,}/gu) ?? [];
  return words.map((word) => {
    let hash = 0x811c9dc5;
    for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
    return hash >>> 0;
  });
}

const vectorPart = ({ file, width, values }: ItemVectors, rowOf: Int32Array): Part => ({
  name: file,
  kind: 'vector',
  width,
  fill(item, out) {
    const row = rowOf[item];
    if (row < 0) return;
    out.set(values.subarray(row * width, (row + 1) * width));
    scaleToOne(out);
  },
});

function scaleToOne(numbers: Float32Array): void {
  const length = Math.sqrt(numbers.reduce((sum, x) => sum + x * x, 0));
  if (length > 0) for (let i = 0; i < numbers.length; i++) numbers[i] /= length;
}
