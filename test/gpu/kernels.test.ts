import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GpuBackend } from '../../src/gpu/backend.js';
import { fakeMaxWorkgroups } from '../../src/gpu/launch.js';
import { kernelCases } from '../../src/verify/cases.js';
import { compareCase } from '../../src/verify/compare.js';
import { openGpu, openOtherFamily, openVariant, openWithoutSubgroups, UNUSUAL_VARIANTS } from './backend.js';

let backend: GpuBackend;
beforeAll(async () => {
  backend = await openGpu();
});
afterAll(() => backend?.dispose());

describe('every kernel against the CPU reference in f64', () => {
  it.each(kernelCases.map((c) => [`${c.kernel}: ${c.name}`, c] as const))('%s', async (_, c) => {
    const liveBefore = backend.liveBytes;
    const result = await compareCase(c, backend);
    expect(result).toMatchObject({ ok: true });
    expect(backend.liveBytes).toBe(liveBefore);
  });
});

describe('with few workgroups a dimension, so that grids take two', () => {
  const oneDimensional = kernelCases.filter(({ kernel }) =>
    [
      'bagBackward',
      'accumulate',
      'gatherRows',
      'adamRows',
      'reduceActivation',
      'activate',
      'gaussianSample',
      'pairSum',
      'pairLoss',
      'pairBackward',
      'gridSum',
      'pairScores',
      'sgd',
      'adam',
      'clipNorm',
      'bagSparse',
      'dropout',
      'zeroDiagonal',
      'gram',
      'gaussianKernel',
      'standardise',
      'clusterAssign',
    ].includes(kernel),
  );
  beforeAll(() => fakeMaxWorkgroups(3));
  afterAll(() => fakeMaxWorkgroups(65535));
  it.each(oneDimensional.map((c) => [`${c.kernel}: ${c.name}`, c] as const))('%s', async (_, c) => {
    expect(await compareCase(c, backend)).toMatchObject({ ok: true });
  });
});

// The usual one of each family has its cases above and below.
const WAYS = [
  ...UNUSUAL_VARIANTS.map((name) => [name, () => openVariant(name)] as const),
  ['register blocks without subgroups', openWithoutSubgroups] as const,
];
describe.each(WAYS)('products by %s', (_name, open) => {
  let variant: GpuBackend;
  beforeAll(async () => {
    variant = await open();
  });
  afterAll(() => variant?.dispose());
  const products = kernelCases.filter(({ kernel }) => /^matmul(NN|NT|NTActivation|TN|Panel)$/.test(kernel));
  it.each(products.map((c) => [`${c.kernel}: ${c.name}`, c] as const))('%s', async (_, c) => {
    expect(await compareCase(c, variant)).toMatchObject({ ok: true });
  });
});

describe('the other kernel family, large vectors in pieces', () => {
  let other: GpuBackend;
  beforeAll(async () => {
    other = await openOtherFamily();
  });
  afterAll(() => other?.dispose());
  const ofFamilies = kernelCases.filter(
    ({ kernel, name }) =>
      /^(matmul|bag|gram|adam|sgd|sumSquares|clipNorm|accumulate|softmax|squaredError|binary|topK|rankOf|normalEquations|solveSystems|standardise|gaussianKernel)/.test(
        kernel,
      ) && !name.includes('300001'),
  );
  it.each(ofFamilies.map((c) => [`${c.kernel}: ${c.name}`, c] as const))('%s', async (_, c) => {
    expect(other.family).not.toBe(backend.family);
    expect(await compareCase(c, other)).toMatchObject({ ok: true });
  });
});
