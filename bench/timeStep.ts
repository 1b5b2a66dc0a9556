import { randomUniform } from '../src/backend/random.js';
import { createBackend } from '../src/createBackend.js';
import { csrFromRows } from '../src/data/csr.js';
import { TRAIN_DEFAULTS } from '../src/model/config.js';
import { createModel, trainable } from '../src/model/registry.js';
import { Trainer } from '../src/train/trainer.js';

const backend = await createBackend();
const users = 6040,
  items = 3706;
const rows: number[][] = [];
for (let u = 0; u < users; u++) {
  const s = new Set<number>();
  const n = 20 + Math.floor(400 * randomUniform(1, 1, u, 0) ** 2);
  for (let i = 0; s.size < n; i++) s.add(Math.floor(items * randomUniform(1, 2, u, i) ** 2));
  rows.push([...s]);
}
const train = csrFromRows(rows, items);
console.log('nnz', train.indices.length);
const loss = process.argv[2] === 'ce' ? ({ loss: 'multinomial', output: 'softmax' } as const) : {};
const model = createModel('mlp', backend, { train, config: { ...loss }, seed: 1 });
const t = new Trainer(backend, trainable(model)!, train, {
  config: { ...TRAIN_DEFAULTS, l2: 0, batch: 256, epochs: 5 },
});
for await (const e of t.run())
  if (e.event === 'epoch')
    console.log(
      e.epoch,
      e.loss.toFixed(3),
      e.ms.toFixed(0),
      (e.ms / 24).toFixed(1),
      process.memoryUsage().rss >> 20,
    );
backend.dispose();
