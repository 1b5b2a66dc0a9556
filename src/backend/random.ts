/**
 * Counter-based random numbers: a number is a pure function of a seed and its place, so the CPU and
 * shaders/include/random.wgsl give the same bits in any order of work.
 * The mixer is the 32-bit finaliser "lowbias32" (Chris Wellons, "Prospecting for hash functions", 2018).
 */
export function mix(x: number): number {
  let h = x >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** u32 of the place (a, b, c) under a seed. */
export const randomBits = (seed: number, a: number, b: number, c: number): number =>
  mix(mix(mix(mix(seed) ^ a) ^ b) ^ c);

/** A multiple of 2^-24 in [0, 1): exact in f32. */
export const randomUniform = (seed: number, a: number, b: number, c: number): number =>
  (randomBits(seed, a, b, c) >>> 8) * 2 ** -24;

/** What a random number is for; keeps the streams of one seed apart. */
export const STREAM = {
  dropout: 1,
  order: 2,
  weights: 3,
  scores: 4,
  split: 5,
  sample: 6,
  swaps: 7,
  bootstrap: 8,
  stateDropout: 9,
  batches: 10,
} as const;

/** The bits at or above which an input is kept: u32 threshold of dropping with probability `rate`. */
export const dropThreshold = (rate: number): number => Math.min(0xffffffff, Math.round(rate * 2 ** 32));

/** A random order of 0..n-1 (Fisher-Yates), determined by (seed, stream, place). */
export function randomOrder(n: number, seed: number, stream: number, place: number): Uint32Array {
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor((randomBits(seed, stream, place, i) / 2 ** 32) * (i + 1));
    const swapped = order[i];
    order[i] = order[j];
    order[j] = swapped;
  }
  return order;
}
