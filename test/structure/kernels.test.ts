import { basename } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readShader, reflect } from '../../scripts/wgsl.mjs';
import type { Backend, Ops } from '../../src/backend/backend.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { cpuOps } from '../../src/cpu/ops.js';
import { gpuOps } from '../../src/gpu/backend.js';
import { kernelCases } from '../../src/verify/cases.js';
import { filesBelow, read, root } from './repository.js';

const shaders = filesBelow('shaders').filter((path) => /^shaders\/\w+\.wgsl$/.test(path));
const names = shaders.map((path) => basename(path, '.wgsl'));
const sorted = (all: Iterable<string>): string[] => [...new Set(all)].sort();

describe('a kernel has one name in five places', () => {
  it('shaders/NAME.wgsl and the CPU function', () => expect(sorted(Object.keys(cpuOps))).toEqual(names));

  it('Ops.NAME', () => {
    // A type has no keys to ask for when it runs: its methods are the members indented by two.
    const files = filesBelow('src/backend').filter((path) => /ops\.ts$/i.test(path));
    const bodies = files.flatMap((path) => [
      ...read(path).matchAll(/^export interface (?:Ops|\w+Ops)\s[\s\S]*?^\}/gm),
    ]);
    const members = bodies.flatMap(([body]) =>
      Array.from(body.matchAll(/^ {2}(\w+)\(/gm), ([, name]) => name),
    );
    expect(sorted(members)).toEqual(names);
  });

  it('the GPU launch', () => {
    // Nothing is launched, so nothing that a launch needs is looked at.
    const nothing = new Array(gpuOps.length).fill({}) as unknown as Parameters<typeof gpuOps>;
    expect(sorted(Object.keys(gpuOps(...nothing)))).toEqual(names);
  });

  it('a row of the table of cases', () => {
    expect(sorted(kernelCases.map(({ kernel }) => kernel))).toEqual(names);
  });

  it('a test that names it, besides that table: the reference itself is checked against something else', () => {
    const isTest = (path: string) =>
      /\.test\.ts$/.test(path) && !/^test\/(structure|gpu\/kernels)/.test(path);
    const text = filesBelow('test').filter(isTest).map(read).join('\n');
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
  });
});

describe('a shader calls its buffers as Ops calls its arguments', () => {
  const seen = new Map<string, string[]>();

  // The names that callers use: each kernel's first case, run on a backend that writes them down.
  beforeAll(async () => {
    for (const name of names) {
      const backend = createCpuBackend();
      const op = name as keyof Ops;
      const run = backend[op] as (args: object) => void;
      const recording: Backend = { ...backend, scope: (work) => backend.scope(work) };
      Object.assign(recording, {
        [op]: (args: object) => {
          seen.set(name, sorted(buffersOf(args)));
          run(args);
        },
      });
      await kernelCases.find(({ kernel }) => kernel === name)!.run(recording);
    }
  });

  it.each(names)('%s', async (name) => {
    const { source } = await readShader(`${root}shaders/${name}.wgsl`);
    const bindings = Object.keys(reflect(name, source).bindings);
    expect(sorted(bindings.filter((binding) => binding !== 'params'))).toEqual(seen.get(name));
    expect(bindings).toContain('params');
  });
});

/** Sparse arguments of which only the places count: which items a row has, not how much of them. */
const SETS = ['seen', 'heldOut', 'places', 'positives'];

/** Buffer names of an op's arguments: a tensor's own, three of a sparse matrix (two of a set), `rows` of a batch. */
function buffersOf(args: object): string[] {
  return Object.entries(args).flatMap(([name, value]: [string, unknown]) => {
    if (typeof value !== 'object' || value === null) return [];
    if ('dtype' in value) return [name];
    if ('indptr' in value) {
      const parts = SETS.includes(name) ? ['Indptr', 'Indices'] : ['Indptr', 'Indices', 'Values'];
      return parts.map((part) => name + part);
    }
    return 'rows' in value ? ['rows'] : [];
  });
}
