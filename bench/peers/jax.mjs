// jax-js: node jax.mjs webgpu|wasm JOB_FOLDER. An array is spent by its use, so `.ref` marks the uses before the last.
import { readFileSync } from 'node:fs';
import { readJob } from './readJob.mjs';
import { serve } from './serve.mjs';

const [, , backend, folder] = process.argv;

/** The best of a row, on the host: five times as fast as lax.topK, which sorts the row on the device. */
function selectBest(scores, best) {
  const kept = new Float32Array(best.length).fill(Number.NEGATIVE_INFINITY);
  for (let item = 0; item < scores.length; item++) {
    const score = scores[item];
    let place = best.length - 1;
    if (score <= kept[place]) continue;
    for (; place > 0 && kept[place - 1] < score; place--) {
      kept[place] = kept[place - 1];
      best[place] = best[place - 1];
    }
    kept[place] = score;
    best[place] = item;
  }
}

await serve(async () => {
  const adapter =
    backend === 'webgpu' ? await (await import('./webgpu.mjs')).installWebGpu() : `CPU, ${backend}`;
  const jax = await import('@jax-js/jax');
  const { numpy: np, nn } = jax;
  const ready = await jax.init(backend);
  if (!ready.includes(backend)) throw new Error(`jax-js has no backend ${backend} here`);
  jax.defaultDevice(backend);

  const { items, layers, k, weights: first, beta1, beta2, ...job } = readJob(folder);
  const names = Object.keys(first);
  const each = (make) => Object.fromEntries(names.map((name) => [name, make(name)]));
  const keep = (arrays) => each((name) => arrays[name].ref);
  let weights = each((name) => np.array(first[name].values).reshape(first[name].shape));
  let means = each((name) => np.zeros(first[name].shape));
  let squares = each((name) => np.zeros(first[name].shape));

  const upload = (users) => np.array(job.denseRows(users)).reshape([users.length, items]);
  const logitsOf = (w, x) => {
    let h = x;
    for (let l = 1; l <= layers; l++) {
      h = np.matmul(h, w[`W${l}`]).add(w[`b${l}`]);
      if (l < layers) h = nn.relu(h);
    }
    return h;
  };
  const lossOf = (w, x) =>
    nn
      .logSoftmax(logitsOf(w, x.ref), -1)
      .mul(x)
      .sum()
      .mul(-1 / x.shape[0]);

  // correction1 and correction2 are 1 / (1 - beta^step), arrays so that the step is traced once.
  const step = jax.jit((w, m, v, correction1, correction2, x) => {
    const [loss, grads] = jax.valueAndGrad(lossOf)(keep(w), x);
    const [newW, newM, newV] = [{}, {}, {}];
    for (const name of names) {
      newM[name] = m[name].mul(beta1).add(grads[name].ref.mul(1 - beta1));
      newV[name] = v[name].mul(beta2).add(np.square(grads[name]).mul(1 - beta2));
      const rate = newM[name].ref.mul(correction1.ref).mul(job.learningRate);
      const root = np.sqrt(newV[name].ref.mul(correction2.ref)).add(job.epsilon);
      newW[name] = w[name].sub(rate.div(root));
    }
    correction1.dispose();
    correction2.dispose();
    return { loss, w: newW, m: newM, v: newV };
  });
  const scoresOf = jax.jit((w, x) => logitsOf(w, x.ref).sub(x.mul(1e9)));

  let epochs = 0;
  let steps = 0;
  return {
    version: JSON.parse(readFileSync(new URL('node_modules/@jax-js/jax/package.json', import.meta.url)))
      .version,
    adapter,
    async epoch() {
      const losses = [];
      for (const users of job.batches(epochs++)) {
        steps++;
        const corrections = [beta1, beta2].map((beta) => np.array([1 / (1 - beta ** steps)]));
        const next = step(weights, means, squares, ...corrections, upload(users));
        [weights, means, squares] = [next.w, next.m, next.v];
        losses.push(next.loss);
      }
      let sum = 0;
      for (const loss of losses) sum += (await loss.data())[0];
      return sum / losses.length;
    },
    async lists() {
      const lists = new Int32Array(job.users * k);
      let at = 0;
      for (const users of job.rankedAtOnce()) {
        const scores = await scoresOf(keep(weights), upload(users)).data();
        for (let row = 0; row < users.length; row++, at += k) {
          selectBest(scores.subarray(row * items, (row + 1) * items), lists.subarray(at, at + k));
        }
      }
      return lists;
    },
  };
});
