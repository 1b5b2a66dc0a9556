import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { type ItemAttributes, readItemAttributes } from '../data/attributes.js';
import { columnCounts } from '../data/csr.js';
import { type AttributeKind, type Features, itemFeatures } from '../data/features.js';
import { fileSource } from '../data/files.node.js';
import type { Interactions } from '../data/interactions.js';
import { withItems } from '../data/moreItems.js';
import type { Log } from '../data/readLog.js';
import type { Split } from '../data/splitTypes.js';
import type { BlendOptions } from '../model/blendConfig.js';
import { CONTENT_DEFAULTS, type ContentOptions, checkContentConfig } from '../model/contentConfig.js';
import type { ModelOptions } from '../model/registry.js';
import { readItemVectors } from '../store/itemVectors.js';
import { collect, given, usage } from './options.js';
import type { Output } from './output.js';
import { count } from './table.js';

/** Flags of what is known of the items. */
export interface ContentFlags {
  readonly factors?: number;
  readonly dropout?: number;
  readonly attribute?: string[];
  readonly itemVectors?: string;
}

export const CONTENT_FLAGS = ['factors', 'dropout', 'attribute', 'itemVectors'] as const;
const KINDS: readonly AttributeKind[] = ['category', 'flag', 'number', 'text', 'unused'];

export const defineContent = (command: Command): Command =>
  command
    .option(
      '--item-vectors <file>',
      'content: a vector an item, .npy (rows as in --items), .parquet or .safetensors; see "foldin embed"',
    )
    .option(
      '--attribute <column=kind>',
      `content: what a column of --items holds, ${KINDS.join(', ')}, where it is not to be guessed; may be repeated`,
      collect,
    );

/** The options that flags ask for. CONFIG when they make no sense. */
export function contentOptions({ factors, dropout }: ContentFlags): Partial<ContentOptions> {
  const options = given({ factors, dropout });
  checkContentConfig({ ...CONTENT_DEFAULTS, width: 1, ...options });
  return options;
}

/** "genre=category" -> {genre: 'category'}. USAGE for anything else. */
export function kindsOf(attribute: readonly string[] = []): Record<string, AttributeKind> {
  return Object.fromEntries(
    attribute.map((text) => {
      const [, column, kind] = /^(.+)=([^=]*)$/.exec(text) ?? [];
      if (column && KINDS.includes(kind as AttributeKind)) return [column, kind as AttributeKind];
      throw usage(
        `--attribute is "${text}"; expected a column and what it holds`,
        `Say --attribute COLUMN=KIND with one of ${KINDS.join(', ')}.`,
      );
    }),
  );
}

/** A model that is to be made. */
export interface Made {
  readonly model: string;
  readonly network: ModelOptions;
}

const membersOf = ({ network }: Made) => (network as Partial<BlendOptions>).members ?? [];

/** Whether a model, or a member of it, goes by what items are like. */
export const wantsFeatures = (made: Made): boolean =>
  made.model === 'content' ||
  (made.model === 'blend' && membersOf(made).some(({ model }) => model === 'content'));

/** The model's options with what is known of the items. */
export function withFeatures(made: Made, features: Features): ModelOptions {
  const { matrix } = features;
  if (made.model === 'content') return { ...made.network, features: matrix };
  const members = membersOf(made).map((member) =>
    member.model === 'content' ? { ...member, network: { ...member.network, features: matrix } } : member,
  );
  return { ...made.network, members };
}

/** What is known of the items, and the log and its parts over all of them. */
export interface KnownItems {
  readonly interactions: Interactions;
  readonly split: Split;
  readonly features: Features;
  /** sha256 of all that the features are. */
  readonly fingerprint: string;
}

/**
 * Reads --items as attributes, and --item-vectors. USAGE without both, and what readItemAttributes, readItemVectors and
 * itemFeatures throw.
 */
export async function loadItems(
  { interactions, split, log }: { interactions: Interactions; split: Split; log: Log },
  flags: ContentFlags & { readonly items?: string; readonly encoding?: string },
  out: Output,
): Promise<KnownItems> {
  const { items, itemVectors } = flags;
  if ((items === undefined && itemVectors === undefined) || items === '-') {
    throw usage(
      'the model content goes by what items are like, and no file says it',
      'Add --items FILE, with one item a line: its id, and columns with categories, numbers or words; or --item-vectors FILE.',
    );
  }
  const encoding = flags.encoding as 'latin1' | undefined;
  const itemColumn = log.detected.columns.item;
  const attributes =
    items === undefined ? undefined : await readItemAttributes(fileSource(items), { encoding, itemColumn });
  const vectors = itemVectors === undefined ? undefined : await readItemVectors(fileSource(itemVectors));
  const all = withItems(interactions, split, [...(attributes?.ids ?? []), ...(vectors?.ids ?? [])]);
  const counts = columnCounts(all.split.train);
  const features = itemFeatures(
    all.interactions.items,
    (item) => counts[item] > 0,
    { attributes, vectors: vectors && { ...vectors, file: basename(vectors.file) } },
    { kinds: kindsOf(flags.attribute) },
  );
  note(out, attributes, features, all.interactions.items.size - interactions.items.size);
  const { indptr, indices, values } = features.matrix;
  const hash = createHash('sha256');
  for (const part of [indptr, indices, values!]) {
    hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  }
  return { ...all, features, fingerprint: hash.digest('hex') };
}

function note(
  out: Output,
  attributes: ItemAttributes | undefined,
  { groups, known, matrix }: Features,
  added: number,
): void {
  const used = groups.map(({ name, kind, width }) => `${name} (${kind}${width > 1 ? `, ${width}` : ''})`);
  const names = new Set(groups.flatMap(({ name }) => name.split(', ')));
  const idle = (attributes?.columns ?? []).filter(({ name }) => !names.has(name)).map(({ name }) => name);
  const file = attributes ? `${basename(attributes.file)}: ` : '';
  out.note(
    `items     ${file}${count(known)} of ${count(matrix.rows)} items known by ${used.join(', ')}` +
      (idle.length > 0 ? `; not used: ${idle.join(', ')}` : ''),
  );
  if (added > 0)
    out.note(`new items ${count(added)} that the log does not have; they can be recommended, too`);
}
