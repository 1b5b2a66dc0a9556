import { readdirSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { checks } from '../../src/backend/check.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { cpuOps } from '../../src/cpu/ops.js';
import { compareCase, kernelCases } from '../../src/verify/cases.js';

const tableKernels = [...new Set(kernelCases.map((test) => test.kernel))].sort();

describe('the kernel table on the f32 CPU backend', () => {
  const backend = createCpuBackend();
  afterAll(() => backend.dispose());

  for (const kernel of tableKernels) {
    describe(kernel, () => {
      for (const test of kernelCases.filter((row) => row.kernel === kernel)) {
        it(test.name, async () => {
          const result = await compareCase(test, backend);
          expect(result, JSON.stringify(result)).toMatchObject({ ok: true });
          expect(backend.liveBytes, 'bytes left behind').toBe(0);
        });
      }
    });
  }
});

describe('one name in every place', () => {
  it('the table, the CPU functions and the checks name the same ops', () => {
    expect(Object.keys(cpuOps).sort()).toEqual(tableKernels);
    expect(Object.keys(checks).sort()).toEqual(tableKernels);
  });

  it('shaders/ holds one file an op', () => {
    const shaders = readdirSync(new URL('../../shaders/', import.meta.url))
      .filter((name) => name.endsWith('.wgsl'))
      .map((name) => name.slice(0, -'.wgsl'.length));
    expect(shaders.sort()).toEqual(tableKernels);
  });

  it('no two rows of the table have one name', () => {
    const names = kernelCases.map((test) => `${test.kernel}: ${test.name}`);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the comparison itself', () => {
  const spoiled = (kernel: string) => kernelCases.find((test) => test.kernel === kernel)!;

  it('fails when an op is off by more than the bound', async () => {
    const backend = createCpuBackend();
    const wrong = {
      ...backend,
      matmulNN: (args: Parameters<typeof backend.matmulNN>[0]) => {
        backend.matmulNN(args);
        backend.write(args.out, new Float32Array(args.out.size));
      },
    };
    const result = await compareCase(spoiled('matmulNN'), wrong);
    expect(result.ok).toBe(false);
    expect(result.worst).toBeGreaterThan(result.allowed);
  });

  it('fails when an op does nothing', async () => {
    for (const kernel of tableKernels) {
      const backend = createCpuBackend();
      const idle = { ...backend, [kernel]: () => {} };
      const results = [];
      for (const test of kernelCases.filter((row) => row.kernel === kernel))
        results.push(await compareCase(test, idle));
      expect(
        results.some((result) => !result.ok),
        kernel,
      ).toBe(true);
    }
  });
});
