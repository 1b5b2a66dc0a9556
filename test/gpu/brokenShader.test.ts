import { expect, it } from 'vitest';
import { Queue } from '../../src/gpu/queue.js';
import { openGpu } from './backend.js';

it('SHADER_INVALID, with the name of the kernel, when the driver refuses it', async () => {
  const backend = await openGpu();
  const queue = new Queue(backend.gpuDevice);
  const shader = { name: 'broken', source: 'this is no WGSL', buffers: '', fields: 'n' };
  queue.launch({ shader, tensors: {}, params: { n: 1 }, workgroups: [1, 1, 1] });
  queue.submit();
  await backend.gpuDevice.queue.onSubmittedWorkDone();
  expect(() => queue.check()).toThrow(
    expect.objectContaining({ code: 'SHADER_INVALID', message: expect.stringContaining('broken') }),
  );
  queue.dispose();
  backend.dispose();
});
