const PLAIN = /^ *[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)? *$/;
const TEN_TO = Array.from({ length: 16 }, (_, n) => 10 ** n);

/** A plain finite number ("5", "-2.5", "1e3", spaces around allowed), or NaN: for "", "NaN", "1e400", "3,5", "N/A". */
export function parseNumber(text: string): number {
  if (!PLAIN.test(text)) return Number.NaN;
  const number = Number(text);
  return Number.isFinite(number) ? number : Number.NaN;
}

/**
 * The same for a number written as up to 15 digits with at most one point, straight from bytes; anything else
 * gives NaN and is left to `parseNumber`. Exact: both parts of the division are whole numbers below 2^53.
 */
export function parseDigits(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > 16) return Number.NaN;
  let whole = 0;
  let digits = 0;
  let decimals = -1;
  for (let p = start; p < end; p++) {
    const digit = bytes[p] - 48;
    if (digit >= 0 && digit <= 9) {
      whole = whole * 10 + digit;
      digits++;
      if (decimals >= 0) decimals++;
    } else if (bytes[p] === 46 && decimals < 0) decimals = 0;
    else return Number.NaN;
  }
  if (digits === 0 || digits > 15) return Number.NaN;
  return decimals > 0 ? whole / TEN_TO[decimals] : whole;
}
