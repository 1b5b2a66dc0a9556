import { FoldinError } from '../errors.js';
import { canonicalObject } from '../store/canonicalJson.js';
import { contentHash, NO_HASH } from '../store/contentHash.js';
import { decodeSafetensors, encodeSafetensors } from '../store/safetensors.js';
import type { Checkpoint } from './checkpoint.js';

/** A checkpoint and what it was made with: data, model and options, as plain JSON. */
export interface SavedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly madeWith: Readonly<Record<string, unknown>>;
}

const FORMAT = 'foldin-checkpoint';
/** A file's header starts so, which puts the hash at a fixed place, as in a model file. */
const HASH_PREFIX = '{"__metadata__":{"sha256":"';
const HASH_AT = 8 + HASH_PREFIX.length;

/** The bytes of one .safetensors file that holds all of a checkpoint; `decodeCheckpoint` gives back the same numbers. */
export async function encodeCheckpoint({ checkpoint, madeWith }: SavedCheckpoint): Promise<Uint8Array> {
  const { tensors, ...state } = checkpoint;
  const metadata = new Map([
    ['sha256', NO_HASH],
    ['format', FORMAT],
    ['state', canonicalObject(state, 'checkpoint')],
    ['madeWith', canonicalObject(madeWith, 'madeWith')],
  ]);
  const bytes = encodeSafetensors({ metadata, tensors });
  bytes.set(new TextEncoder().encode(await contentHash(bytes, HASH_AT)), HASH_AT);
  return bytes;
}

/** MODEL_FORMAT for a file that is no checkpoint, MODEL_CORRUPT for one that is damaged. */
export async function decodeCheckpoint(bytes: Uint8Array): Promise<SavedCheckpoint> {
  const { metadata, tensors } = decodeSafetensors(bytes);
  if (metadata.get('format') !== FORMAT) {
    throw new FoldinError('MODEL_FORMAT', 'this is a safetensors file, but no checkpoint of a training', {
      remedy: 'Give the file that an interrupted "foldin train" left, usually MODEL.checkpoint.',
    });
  }
  if ((await contentHash(bytes, HASH_AT)) !== metadata.get('sha256'))
    throw corrupt('its content hash differs');
  const all = new Map<string, { shape: readonly number[]; values: Float32Array }>();
  for (const [name, { shape, values }] of tensors) {
    if (!(values instanceof Float32Array)) throw corrupt(`its tensor "${name}" is not f32`);
    all.set(name, { shape, values });
  }
  // The hash is right, so this is what encodeCheckpoint wrote.
  const state: Omit<Checkpoint, 'tensors'> = JSON.parse(metadata.get('state')!);
  const madeWith = JSON.parse(metadata.get('madeWith')!) as Record<string, unknown>;
  return { checkpoint: { ...state, tensors: all }, madeWith };
}

const corrupt = (reason: string): FoldinError =>
  new FoldinError('MODEL_CORRUPT', `the checkpoint is damaged: ${reason}`, {
    remedy: 'Train again from the start.',
  });
