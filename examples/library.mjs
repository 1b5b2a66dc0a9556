// node examples/library.mjs LOG.csv
import { clean, createBackend, fileSource, fit, readLog, writeModelFile } from 'foldin/node';

const log = await readLog([fileSource(process.argv[2])]);
const { interactions } = clean(log.rows);

const backend = await createBackend({ onNotice: ({ message }) => console.error(message) });
try {
  const { recommender, test } = await fit(backend, interactions, { model: 'mlp', train: { seed: 1 } });
  const { mean, se } = test.model.metrics['ndcg@100'];
  console.log(`ndcg@100 ${mean.toFixed(3)} ± ${se.toFixed(3)} on ${test.model.users.scored} new users`);

  const history = interactions.items.ids.slice(0, 2);
  console.log(history, await recommender.recommend({ history }, { k: 3 }));
  await writeModelFile('model.safetensors', await recommender.contents());
} finally {
  backend.dispose();
}
