/** A mean over users with its standard error, `null` where there is none: one user, or a figure of all users at once. */
export interface Summary {
  readonly mean: number;
  readonly se: number | null;
}

/** Sum with the rounding errors carried along (Neumaier 1974), so that it does not depend on the length. */
export function sum(values: ArrayLike<number>): number {
  let total = 0;
  let lost = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

/** Mean and standard error sd / sqrt(n), with the sample's sd (n - 1). `values` holds at least one number. */
export function summarise(values: ArrayLike<number>): Summary {
  const n = values.length;
  const mean = sum(values) / n;
  if (n < 2) return { mean, se: null };
  const deviations = Float64Array.from(values, (value) => value - mean);
  const drift = sum(deviations);
  const squares = sum(deviations.map((deviation) => deviation * deviation)) - (drift * drift) / n;
  return { mean, se: Math.sqrt(Math.max(squares, 0) / (n - 1) / n) };
}
