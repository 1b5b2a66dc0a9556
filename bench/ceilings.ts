import type { GpuBackend } from '../src/gpu/backend.js';
import type { Shader } from '../src/gpu/layout.js';
import { clock } from './harness.js';
import copyShader from './shaders/copy.wgsl';
import fmaShader from './shaders/fma.wgsl';
import streamsShader from './shaders/streams.wgsl';

/** What this adapter can do at most, measured here and now. */
export interface Ceilings {
  /** Multiply-adds count two. */
  readonly gflops: number;
  /** Bytes read plus bytes written. */
  readonly gbPerSec: number;
  /** The same of four loads and three stores in place, as an optimiser has them. */
  readonly streamsGbPerSec: number;
}

/** The best of all forms and runs: a ceiling that reads too low would flatter every kernel. */
export async function measureCeilings(backend: GpuBackend, runs: number): Promise<Ceilings> {
  const device = backend.gpuDevice;
  const buffer = (bytes: number) => device.createBuffer({ size: bytes, usage: GPUBufferUsage.STORAGE });
  const threads = 64 * 256;
  const rounds = backend.device.kind === 'gpu' ? 512 : 32;
  const copyThreads = 2 ** 18;
  const [small, from, to] = [buffer(4 * threads), buffer(128 * copyThreads), buffer(128 * copyThreads)];
  let gflops = 0;
  let gbPerSec = 0;
  let streamsGbPerSec = 0;
  const streams = Array.from({ length: 4 }, () => buffer(16 * copyThreads));
  try {
    for (let form = 0; form < 4; form++) {
      const run = launcher(device, fmaShader, { form, rounds }, [small], threads / 64);
      // Eight chains eight times, two operations each, in the first two forms on four numbers at once.
      const flops = threads * rounds * 8 * 8 * 2 * (form < 2 ? 4 : 1);
      for (let i = 0; i <= runs; i++) gflops = Math.max(gflops, flops / 1e6 / (await clock(run)));
    }
    const run = launcher(device, copyShader, { threads: copyThreads }, [from, to], copyThreads / 64);
    for (let i = 0; i <= runs; i++)
      gbPerSec = Math.max(gbPerSec, (2 * 128 * copyThreads) / 1e6 / (await clock(run)));
    const inPlace = launcher(device, streamsShader, {}, streams, copyThreads / 64);
    for (let i = 0; i <= runs; i++) {
      streamsGbPerSec = Math.max(streamsGbPerSec, (7 * 16 * copyThreads) / 1e6 / (await clock(inPlace)));
    }
  } finally {
    for (const made of [small, from, to, ...streams]) made.destroy();
  }
  return { gflops, gbPerSec, streamsGbPerSec };
}

function launcher(
  device: GPUDevice,
  { source }: Shader,
  constants: Record<string, number>,
  buffers: readonly GPUBuffer[],
  workgroups: number,
): () => Promise<void> {
  const module = device.createShaderModule({ code: source });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, constants } });
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  return async () => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(workgroups);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  };
}
