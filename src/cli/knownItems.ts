import type { Command } from 'commander';
import { readItemAttributes } from '../data/attributes.js';
import { type AttributeTable, attributeTable } from '../data/attributeValues.js';
import { fileSource } from '../data/files.node.js';
import type { Recommender } from '../recommend/recommender.js';
import { kindsOf } from './contentOptions.js';
import { collect } from './options.js';

/** Flags of what is known of the items of a model that does not hold it. */
export interface KnownFlags {
  readonly items?: string;
  readonly attribute?: string[];
  readonly encoding?: string;
}

export const defineKnown = (command: Command): Command =>
  command
    .option('--items <file>', 'attributes of the items, one item a line; a content model has its own')
    .option(
      '--attribute <column=kind>',
      'what a column of --items holds, category, flag or unused, where it is not to be guessed; may be repeated',
      collect,
    )
    .option('--encoding <name>', 'of --items: utf-8 or latin1');

/** The attributes of --items by value; undefined where none are given. Errors as readItemAttributes and attributeTable. */
export async function knownItems(
  { items, attribute, encoding }: KnownFlags,
  { parts }: Recommender,
): Promise<AttributeTable | undefined> {
  const kinds = kindsOf(attribute);
  if (items === undefined) return undefined;
  const read = await readItemAttributes(fileSource(items), {
    encoding: encoding as 'latin1' | undefined,
  });
  return attributeTable(parts.items, read, kinds);
}
