import { randomUniform } from '../src/backend/random.js';
import { type Csr, csrFromRows } from '../src/data/csr.js';

export interface Size {
  readonly users: number;
  readonly items: number;
  readonly interactions: number;
}

/** Sizes by name; ml100k and ml1m are those of the MovieLens sets, whose data is not needed. */
export const SIZES: Readonly<Record<string, Size>> = {
  tiny: { users: 120, items: 90, interactions: 1500 },
  ml100k: { users: 943, items: 1682, interactions: 100_000 },
  ml1m: { users: 6040, items: 3706, interactions: 1_000_000 },
  '20k': { users: 10_000, items: 20_000, interactions: 1_000_000 },
  '200k': { users: 10_000, items: 200_000, interactions: 1_000_000 },
  '1M': { users: 10_000, items: 1_000_000, interactions: 1_000_000 },
};

/** A seeded log of a size: history lengths and item popularity fall off as in real logs. */
export function syntheticLog({ users, items, interactions }: Size, seed: number): Csr {
  const mean = interactions / users;
  const rows = Array.from({ length: users }, (_, user) => {
    // Uniform squares have mean 1/3: lengths from a third of the mean to about two and a half times it.
    const length = Math.round(mean * (1 / 3 + 2 * randomUniform(seed, 11, user, 0) ** 2));
    const row = new Set<number>();
    for (let draw = 0; row.size < Math.min(length, items / 2); draw++) {
      row.add(Math.floor(items * randomUniform(seed, 12, user, draw) ** 2));
    }
    return [...row];
  });
  return csrFromRows(rows, items);
}
