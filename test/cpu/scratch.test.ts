import { it, expect } from 'vitest';
import { openGpu } from '../gpu/backend.js';
import { compareCase, kernelCases } from '../../src/verify/cases.js';
it('gpu', async () => {
  const gpu = await openGpu();
  console.log(gpu.device);
  const most = new Map();
  for (const c of kernelCases) {
    const t = performance.now();
    try {
      const r = await compareCase(c, gpu);
      const ms = performance.now() - t;
      const ratio = r.worst / r.allowed;
      const old = most.get(c.kernel);
      if (r.allowed > 0 && !(old?.ratio > ratio)) most.set(c.kernel, { ratio, name: c.name, output: r.output });
      if (!r.ok || ms > 1500) console.log(ms | 0, JSON.stringify(r));
    } catch (e) { console.log(c.kernel, c.name, String(e)); }
    if (gpu.liveBytes) console.log('LEAK', c.kernel, c.name, gpu.liveBytes);
  }
  console.log([...most].map(([k, v]) => `${k} ${v.ratio.toFixed(3)} ${v.output} ${v.name}`).join('\n'));
  gpu.dispose();
}, 300000);
