import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBackend } from '../../src/createBackend.js';
import type { Csr } from '../../src/data/csr.js';
import { topLists } from '../../src/evaluate/topLists.js';
import { createModel, trainable } from '../../src/model/registry.js';
import { plannerFor } from '../../src/train/planner.js';
import { Trainer } from '../../src/train/trainer.js';
import { type Job, NETWORK, trainConfig } from './job.js';
import { serve } from './serve.mjs';

function words(path: string): Uint32Array {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  return new Uint32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

/** foldin's side: weights and orders come from the job's seed by the code that wrote them down for the others. */
export async function serveFoldin(folder: string, device: 'auto' | 'cpu'): Promise<void> {
  await serve(async () => {
    const job: Job = JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8'));
    const log: Csr = {
      rows: job.users,
      columns: job.items,
      indptr: words(join(folder, 'indptr.u32')),
      indices: words(join(folder, 'indices.u32')),
    };
    const adapter = device === 'cpu' ? undefined : process.env['FOLDIN_ADAPTER'];
    const backend = await createBackend({ device, adapter });
    const model = createModel('mlp', backend, { train: log, config: NETWORK, seed: job.seed });
    const trainer = new Trainer(backend, trainable(model)!, log, {
      config: trainConfig(job),
      planner: plannerFor(backend, log),
    });
    const events = trainer.run();
    return {
      version: FOLDIN_VERSION,
      adapter: backend.device.driver,
      kind: backend.device.kind,
      async epoch() {
        for (;;) {
          const { value, done } = await events.next();
          if (done) throw new Error('the job has fewer epochs than were asked for');
          if (value.event === 'epoch') return value.loss;
        }
      },
      lists: async () => (await topLists(backend, model, { histories: log, k: job.k })).items,
    };
  });
}
