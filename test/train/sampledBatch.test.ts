import { describe, expect, it } from 'vitest';
import { MASKED, NO_ITEM } from '../../src/backend/ops.js';
import { rowIndices } from '../../src/data/csr.js';
import { Proposal } from '../../src/train/proposal.js';
import { SampledBatch } from '../../src/train/sampledBatch.js';
import { padded } from '../../src/train/stepItems.js';
import { numbers, randomCsr } from '../../src/verify/inputs.js';

describe('the proposal', () => {
  const popularity = Uint32Array.of(0, 3, 0, 12, 1);
  const proposal = new Proposal(popularity, 5);

  it('gives every item one more than its popularity of the whole', () => {
    const shares = Array.from(popularity, (_, item) => proposal.probability(item));
    expect(shares).toEqual([1, 4, 1, 13, 2].map((n) => n / 21));
  });

  it('draws items as often, by place and seed alone', () => {
    const draws = 20_000;
    const counts = new Float64Array(5);
    for (let draw = 0; draw < draws; draw++) counts[proposal.item(Math.floor(draw / 100), draw % 100)]++;
    counts.forEach((count, item) => {
      const p = proposal.probability(item);
      // Four standard deviations of a binomial number.
      expect(Math.abs(count / draws - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / draws));
    });
    const other = new Proposal(popularity, 6);
    const again = new Proposal(popularity, 5);
    const drawn = (of: Proposal) => Array.from({ length: 200 }, (_, draw) => of.item(3, draw));
    expect(drawn(again)).toEqual(drawn(proposal));
    expect(drawn(other)).not.toEqual(drawn(proposal));
  });

  it('estimates a sum over all other items without bias, the targets left out', () => {
    const logits = numbers(300, 8, -2, 2);
    const many = new Proposal(
      numbers(300, 9, 0, 40).map((n) => Math.floor(n)),
      1,
    );
    const targets = new Set([3, 77, 150]);
    const exact = logits.reduce((sum, z, item) => sum + (targets.has(item) ? 0 : Math.exp(z)), 0);
    const samples = 50;
    const estimates = Array.from({ length: 400 }, (_, step) => {
      let sum = 0;
      for (let draw = 0; draw < samples; draw++) {
        const item = many.item(step, draw);
        if (!targets.has(item)) sum += Math.exp(logits[item]) / (samples * many.probability(item));
      }
      return sum;
    });
    const mean = estimates.reduce((sum, x) => sum + x, 0) / estimates.length;
    const variance = estimates.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (estimates.length - 1);
    expect(Math.abs(mean - exact)).toBeLessThan(4 * Math.sqrt(variance / estimates.length));
    // Its spread is that of importance sampling; the variance of 400 normal numbers is known to 4 * sqrt(2 / 399).
    const second = logits.reduce(
      (sum, z, item) => sum + (targets.has(item) ? 0 : Math.exp(2 * z) / many.probability(item)),
      0,
    );
    expect(Math.abs(variance / ((second - exact * exact) / samples) - 1)).toBeLessThan(
      4 * Math.sqrt(2 / 399),
    );
  });
});

it('pads by at most a quarter, in few sizes', () => {
  for (let n = 1; n < 100_000; n = Math.ceil(n * 1.07)) {
    expect(padded(n)).toBeGreaterThanOrEqual(n);
    expect(padded(n) % 64).toBe(0);
    expect(padded(n)).toBeLessThanOrEqual(Math.max(n + 63, 1.25 * n));
    expect(padded(padded(n))).toBe(padded(n));
  }
});

describe.each([true, false])('a step of a sampled softmax, valued %s', (valued) => {
  const histories = randomCsr(40, 900, (user) => 0.01 * (1 + (user % 5)), 4, true);
  const inputs = valued ? histories.values : undefined;
  const targets = valued ? histories.values!.map((x) => 2 * x) : undefined;
  const popularity = new Uint32Array(900).fill(2);
  const proposal = new Proposal(popularity, 7);
  const spec = { histories, inputs, targets, batch: 12, samples: 60, proposal };
  const order = Uint32Array.from({ length: 40 }, (_, i) => (7 * i) % 40);

  it.each([0, 1, 3])('batch %i holds what its users have, under the items of the step', (index) => {
    const batch = new SampledBatch(spec);
    batch.fill(order, 2, 99); // What another step leaves behind must not matter.
    const size = batch.fill(order, index, 5);
    const { places: at, numbers: u32, values: f32 } = batch;
    const rows = order.subarray(12 * index, 12 * index + 12);
    expect(size.users).toBe(rows.length);

    const own = u32.subarray(at.own, at.own + size.own).filter((item) => item !== NO_ITEM);
    expect(Array.from(own)).toEqual(
      [...new Set(Array.from(rows).flatMap((row) => [...rowIndices(histories, row)]))].sort((a, b) => a - b),
    );
    const drawn = Array.from({ length: 60 }, (_, draw) => proposal.item(5, draw));
    const items = u32.subarray(at.items, at.items + size.items).filter((item) => item !== NO_ITEM);
    expect(Array.from(items)).toEqual([...new Set([...own, ...drawn])].sort((a, b) => a - b));
    expect([size.own, size.items]).toEqual([padded(own.length), padded(items.length)]);

    // Corrections: how often an item came over how often it was to be expected; nothing for what did not come.
    for (let c = 0; c < size.items; c++) {
      const times = c < items.length ? drawn.filter((item) => item === items[c]).length : 0;
      const expected = times > 0 ? Math.log(times / (60 / 900)) : MASKED;
      expect(f32[at.corrections + c]).toBeCloseTo(expected, 5);
    }

    const bits = new Float32Array(u32.buffer);
    const columns: string[][] = Array.from(own, () => []);
    rows.forEach((row, b) => {
      const [first, end] = [u32[at.indptr + b], u32[at.indptr + b + 1]];
      expect(end - first).toBe(histories.indptr[row + 1] - histories.indptr[row]);
      for (let e = first; e < end; e++) {
        const source = histories.indptr[row] + e - first;
        const item = histories.indices[source];
        expect(own[u32[at.inputIndices + e]]).toBe(item);
        expect(items[u32[at.targetIndices + e]]).toBe(item);
        if (valued) {
          expect(f32[at.inputs + e]).toBe(inputs![source]);
          expect(f32[at.targets + e]).toBe(targets![source]);
        }
        columns[u32[at.inputIndices + e]].push(`${b} ${inputs?.[source] ?? 1}`);
      }
    });
    for (let b = rows.length; b <= 12; b++) expect(u32[at.indptr + b]).toBe(size.entries);
    for (let place = 0; place < size.own; place++) {
      const found: string[] = [];
      for (let e = u32[at.starts + place]; e < u32[at.starts + place + 1]; e++) {
        found.push(`${u32[at.entries + 2 * e]} ${bits[at.entries + 2 * e + 1]}`);
      }
      expect(found).toEqual(columns[place] ?? []);
    }
  });
});
