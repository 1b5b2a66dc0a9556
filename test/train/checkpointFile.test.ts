import { expect, it } from 'vitest';
import { encodeSafetensors } from '../../src/store/safetensors.js';
import type { Checkpoint } from '../../src/train/checkpoint.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpointFile.js';

const checkpoint: Checkpoint = {
  epoch: 3,
  step: 12,
  bestEpoch: 2,
  bestScore: 0.1 + 0.2,
  bestValidation: { 'ndcg@100': 0.1 + 0.2 },
  stale: 1,
  curve: [{ epoch: 1, loss: 0.5, validation: { 'ndcg@100': 0.25 } }],
  tensors: new Map([
    ['W1', { shape: [2, 2], values: Float32Array.of(1, -0, 2 ** -149, 3.4e38) }],
    ['optimiser.W1.moment1', { shape: [3], values: Float32Array.of(0.1, 0.2, 0.3) }],
  ]),
};
const saved = { checkpoint, madeWith: { model: 'mlp', hidden: [8], seed: 1 } };

it('gives back every bit', async () => {
  const bytes = await encodeCheckpoint(saved);
  expect(await decodeCheckpoint(bytes)).toEqual(saved);
  expect(Object.is((await decodeCheckpoint(bytes)).checkpoint.tensors.get('W1')!.values[1], -0)).toBe(true);
  const fresh = { ...saved, checkpoint: { ...checkpoint, bestValidation: undefined, bestScore: -1 } };
  expect(await decodeCheckpoint(await encodeCheckpoint(fresh))).toEqual(fresh);
});

it('refuses what is damaged or something else', async () => {
  const bytes = await encodeCheckpoint(saved);
  for (const at of [bytes.length - 1, bytes.indexOf(0x7b, 200), 60]) {
    const flipped = Uint8Array.from(bytes);
    flipped[at] ^= 1;
    await expect(decodeCheckpoint(flipped), `byte ${at}`).rejects.toMatchObject({ code: 'MODEL_CORRUPT' });
  }
  await expect(decodeCheckpoint(bytes.subarray(0, -8))).rejects.toMatchObject({ code: 'MODEL_CORRUPT' });
  const foreign = encodeSafetensors({ metadata: new Map([['format', 'foldin']]), tensors: new Map() });
  await expect(decodeCheckpoint(foreign)).rejects.toMatchObject({ code: 'MODEL_FORMAT' });
});
