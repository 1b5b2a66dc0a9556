/** A scale from numbers to places along an axis, with its ticks. */
export interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/**
 * Linear, from `low` to `high` at most, widened to round ticks (1, 2 or 5 times a power of ten, but at least `least`
 * apart), about `count` of them.
 */
export function linear(
  low: number,
  high: number,
  from: number,
  to: number,
  { count = 5, least = 0 }: { readonly count?: number; readonly least?: number } = {},
): Scale {
  const span = high > low ? high - low : Math.max(1e-9, Math.abs(high) || 1);
  const raw = Math.max(span / count, least);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((n) => n * power >= raw) ?? 10);
  const first = Math.floor(low / step);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  // Multiplied, not added up, so that no tick is called 0.30000000000000004.
  const ticks = Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
  const [start, end] = [ticks[0], ticks[ticks.length - 1]];
  return { ticks, at: (value) => from + ((value - start) / (end - start)) * (to - from) };
}
