import { describe, expect, it, vi } from 'vitest';
import { createBackend } from '../../src/createBackend.js';
import type { Notice } from '../../src/events.js';

// Node has no navigator.gpu: to the adapter of pages, it is a browser without WebGPU.
vi.mock('#adapter', () => import('../../src/gpu/adapter.browser.js'));

describe('where there is no WebGPU', () => {
  it.each(['gpu', 'software'] as const)('the device %s is NO_WEBGPU, with what to do', async (device) => {
    await expect(createBackend({ device })).rejects.toMatchObject({
      code: 'NO_WEBGPU',
      remedy: expect.stringContaining('device "cpu"'),
    });
  });

  it('the device auto is the CPU, and it is said', async () => {
    const notices: Notice[] = [];
    const backend = await createBackend({ onNotice: (notice) => notices.push(notice) });
    expect(backend.device.kind).toBe('cpu');
    expect(notices).toMatchObject([{ event: 'notice', code: 'CPU_FALLBACK' }]);
    backend.dispose();
  });

  it('the device cpu is the CPU, and there is nothing to say', async () => {
    const notices: Notice[] = [];
    const backend = await createBackend({ device: 'cpu', onNotice: (notice) => notices.push(notice) });
    expect(backend.device.kind).toBe('cpu');
    expect(notices).toEqual([]);
    backend.dispose();
  });
});
