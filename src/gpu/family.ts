import type { DeviceKind } from '../backend/backend.js';

/**
 * Two ways to run the kernels that matter: `tile` stages operands in workgroup memory, as GPUs like it;
 * `register` avoids barriers and loads, as adapters that run on a CPU need it. Same results within rounding.
 */
export type Family = 'tile' | 'register';

export const familyFor = (kind: DeviceKind): Family => (kind === 'software' ? 'register' : 'tile');

/** Threads that share a row: a GPU's own number, or one vector of a CPU, where waiting for each other costs most. */
export const ROW_LANES: Record<Family, number> = { tile: 64, register: 8 };
