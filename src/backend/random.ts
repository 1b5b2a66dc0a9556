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

/**
 * A standard normal number of the place (a, b, c) under a seed, of 2^24 that are symmetric about 0: the quantile function
 * by Algorithm AS 241, PPND7 (Wichura 1988), good to seven digits.
 */
export function randomNormal(seed: number, a: number, b: number, c: number): number {
  const q = ((randomBits(seed, a, b, c) >>> 8) - 8388607.5) * 2 ** -24;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (
      (q * (((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)) /
      (((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1)
    );
  }
  const r = Math.sqrt(-Math.log(0.5 - Math.abs(q))) - 1.6;
  const size =
    (((0.17023821103 * r + 1.3067284816) * r + 2.75681539) * r + 1.4234372777) /
    ((0.12021132975 * r + 0.7370016425) * r + 1);
  return q < 0 ? -size : size;
}

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
  noise: 11,
  negatives: 12,
  softmaxSamples: 13,
  search: 14,
  limeCounts: 101,
  limePlaces: 102,
  centroids: 111,
  groupSample: 113,
  groupEvents: 114,
  importanceSample: 121,
  examples: 131,
  pickedUser: 141,
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
