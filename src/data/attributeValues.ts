import type { ItemAttributes } from './attributes.js';
import { type AttributeKind, categoriesOf, columnsOver, guessKind } from './features.js';
import type { Vocabulary } from './vocabulary.js';

/** One thing that may be said of an item: a value of a column, or, where there is none, the column itself. */
export interface AttributeName {
  readonly attribute: string;
  readonly value?: string;
}

/** Which of them holds of which item. */
export interface AttributeTable {
  readonly names: readonly AttributeName[];
  /** The places in `names` of what holds of each item. */
  readonly ofItem: readonly (readonly number[])[];
}

/**
 * The categories and flags of items; columns of amounts and words have no values that items share, and are left out.
 * LOG_FORMAT when the attributes are of other items, COLUMN_MISSING for a kind of an unknown column.
 */
export function attributeTable(
  items: Vocabulary,
  attributes: ItemAttributes,
  kinds: Readonly<Record<string, AttributeKind>> = {},
): AttributeTable {
  const places = new Map<string, number>();
  const names: AttributeName[] = [];
  const ofItem = Array.from({ length: items.size }, (): number[] => []);
  const placeOf = (attribute: string, value?: string): number => {
    const key = JSON.stringify([attribute, value]);
    const place = places.get(key) ?? names.length;
    if (place === names.length) {
      places.set(key, place);
      names.push({ attribute, ...(value !== undefined && { value }) });
    }
    return place;
  };
  for (const column of columnsOver(items, attributes, kinds).columns) {
    const { name, values } = column;
    const kind = kinds[name] ?? guessKind(column);
    values.forEach((value, item) => {
      if (kind === 'flag' && value === '1') ofItem[item].push(placeOf(name));
      if (kind !== 'category') return;
      for (const one of categoriesOf(value)) ofItem[item].push(placeOf(name, one));
    });
  }
  return { names, ofItem };
}
