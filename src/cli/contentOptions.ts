import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { type ItemAttributes, readItemAttributes, readUserAttributes } from '../data/attributes.js';
import { columnCounts } from '../data/csr.js';
import { type AttributeKind, type Features, itemFeatures, requireKnown } from '../data/features.js';
import { fileSource } from '../data/files.node.js';
import type { Interactions } from '../data/interactions.js';
import { withItems } from '../data/moreItems.js';
import type { Log } from '../data/readLog.js';
import type { Split } from '../data/splitTypes.js';
import { withMoreUsers, withTraits } from '../data/traits.js';
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
  readonly users?: string;
  readonly userAttribute?: string[];
}

export const CONTENT_FLAGS = [
  'factors',
  'dropout',
  'attribute',
  'itemVectors',
  'users',
  'userAttribute',
] as const;
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
    )
    .option(
      '--users <file>',
      'content: what is known of the users besides what they did, one user a line; also of users that are new',
    )
    .option(
      '--user-attribute <column=kind>',
      'content: what a column of --users holds, likewise; may be repeated',
      collect,
    );

/** The options that flags ask for. CONFIG when they make no sense. */
export function contentOptions({ factors, dropout }: ContentFlags): Partial<ContentOptions> {
  const options = given({ factors, dropout });
  checkContentConfig({ ...CONTENT_DEFAULTS, width: 1, userWidth: 0, ...options });
  return options;
}

/** "genre=category" -> {genre: 'category'}. USAGE for anything else. */
export function kindsOf(
  attribute: readonly string[] = [],
  flag = 'attribute',
): Record<string, AttributeKind> {
  return Object.fromEntries(
    attribute.map((text) => {
      const [, column, kind] = /^(.+)=([^=]*)$/.exec(text) ?? [];
      if (column && KINDS.includes(kind as AttributeKind)) return [column, kind as AttributeKind];
      throw usage(
        `--${flag} is "${text}"; expected a column and what it holds`,
        `Say --${flag} COLUMN=KIND with one of ${KINDS.join(', ')}.`,
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

/** What is known of items and users, and the log and its parts over all of them. */
export interface Known {
  readonly interactions: Interactions;
  readonly split: Split;
  readonly features: Features;
  /** What is known of the users, where anything is. */
  readonly traits?: Features;
  /** sha256 of all that features and traits are. */
  readonly fingerprint: string;
}

/**
 * Reads --items as attributes, --item-vectors and --users. USAGE without the former two, and what readItemAttributes,
 * readItemVectors, itemFeatures and withTraits throw.
 */
export async function loadKnown(
  { interactions, split, log }: { interactions: Interactions; split: Split; log: Log },
  flags: ContentFlags & { readonly items?: string; readonly encoding?: string },
  out: Output,
): Promise<Known> {
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
  // Before there are more: a file that knows nothing but new items is that of another log.
  for (const known of [attributes, vectors]) {
    if (known?.ids) requireKnown(interactions.items, known.file, known.ids);
  }
  const all = withItems(interactions, split, [...(attributes?.ids ?? []), ...(vectors?.ids ?? [])]);
  const counts = columnCounts(all.split.train);
  const features = itemFeatures(
    all.interactions.items,
    (item) => counts[item] > 0,
    { attributes, vectors: vectors && { ...vectors, file: basename(vectors.file) } },
    { kinds: kindsOf(flags.attribute) },
  );
  note(out, attributes, features, all.interactions.items.size - interactions.items.size);
  const known = await loadUsers({ ...all, log }, flags, out);
  const hash = createHash('sha256');
  for (const made of [features, ...(known.traits ? [known.traits] : [])]) {
    const { indptr, indices, values } = made.matrix;
    for (const part of [indptr, indices, values!]) {
      hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    }
  }
  return { ...known, features, fingerprint: hash.digest('hex') };
}

/** Reads --users, where it is given, and adds what it says to the histories. */
async function loadUsers(
  { interactions, split, log }: { interactions: Interactions; split: Split; log: Log },
  { users, userAttribute, encoding }: ContentFlags & { readonly encoding?: string },
  out: Output,
): Promise<Pick<Known, 'interactions' | 'split' | 'traits'>> {
  const kinds = kindsOf(userAttribute, 'user-attribute');
  if (users === undefined) return { interactions, split };
  const attributes = await readUserAttributes(fileSource(users), {
    encoding: encoding as 'latin1' | undefined,
    userColumn: log.detected.columns.user,
  });
  requireKnown(interactions.users, attributes.file, attributes.ids, 'user');
  const all = withMoreUsers(interactions, attributes.ids);
  const taught = new Set(split.trainUsers);
  const traits = itemFeatures(all.users, (user) => taught.has(user), { attributes }, { kinds, of: 'user' });
  note(out, attributes, traits, all.users.size - interactions.users.size, 'users');
  return { ...withTraits(all, split, traits.matrix), traits };
}

function note(
  out: Output,
  attributes: ItemAttributes | undefined,
  { groups, known, matrix }: Features,
  added: number,
  of: 'items' | 'users' = 'items',
): void {
  const used = groups.map(({ name, kind, width }) => `${name} (${kind}${width > 1 ? `, ${width}` : ''})`);
  const names = new Set(groups.flatMap(({ name }) => name.split(', ')));
  const idle = (attributes?.columns ?? []).filter(({ name }) => !names.has(name)).map(({ name }) => name);
  const file = attributes ? `${basename(attributes.file)}: ` : '';
  out.note(
    `${of.padEnd(10)}${file}${count(known)} of ${count(matrix.rows)} ${of} known by ${used.join(', ')}` +
      (idle.length > 0 ? `; not used: ${idle.join(', ')}` : ''),
  );
  if (added > 0)
    out.note(
      `new ${of} ${count(added)} that the log does not have; they can be recommended${of === 'items' ? '' : ' to'}, too`,
    );
}
