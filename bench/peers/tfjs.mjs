// TensorFlow.js: node tfjs.mjs wasm|webgpu JOB_FOLDER
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { readJob } from './readJob.mjs';
import { serve } from './serve.mjs';

const [, , backend, folder] = process.argv;

async function start() {
  // Says hello on the console otherwise.
  console.warn = () => {};
  const adapter = backend === 'webgpu' ? await (await import('./webgpu.mjs')).installWebGpu() : undefined;
  const tf = (await import('@tensorflow/tfjs')).default;
  if (backend === 'webgpu') await import('@tensorflow/tfjs-backend-webgpu');
  else {
    const { setWasmPaths } = (await import('@tensorflow/tfjs-backend-wasm')).default;
    const { resolve } = createRequire(import.meta.url);
    setWasmPaths(`${dirname(resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'))}/`);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no backend ${backend} here`);
  await tf.ready();
  return { tf, adapter: adapter ?? (await wasmKind(tf)) };
}

async function wasmKind(tf) {
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  return `CPU, wasm${simd ? ' SIMD' : ''}, one thread`;
}

await serve(async () => {
  const { tf, adapter } = await start();
  const { items, layers, k, weights: first, ...job } = readJob(folder);
  const weights = Object.fromEntries(
    Object.entries(first).map(([name, { shape, values }]) => [name, tf.variable(tf.tensor(values, shape))]),
  );
  const optimizer = tf.train.adam(job.learningRate, job.beta1, job.beta2, job.epsilon);
  const upload = (users) => tf.tensor2d(job.denseRows(users), [users.length, items]);
  const logitsOf = (x) => {
    let h = x;
    for (let l = 1; l <= layers; l++) {
      h = h.matMul(weights[`W${l}`]).add(weights[`b${l}`]);
      if (l < layers) h = h.relu();
    }
    return h;
  };
  // Written out: the gradient of tf.losses.softmaxCrossEntropy is right only where a row of labels sums to 1.
  const lossOf = (x) => {
    const logits = logitsOf(x);
    return logits.sub(logits.logSumExp(1, true)).mul(x).sum().div(-x.shape[0]);
  };
  let epochs = 0;
  return {
    version: tf.version.tfjs,
    adapter,
    async epoch() {
      const losses = job.batches(epochs++).map((users) => {
        const x = upload(users);
        const loss = optimizer.minimize(() => lossOf(x), true);
        x.dispose();
        return loss;
      });
      let sum = 0;
      for (const loss of losses) {
        sum += (await loss.data())[0];
        loss.dispose();
      }
      return sum / losses.length;
    },
    async lists() {
      const lists = new Int32Array(job.users * k);
      let at = 0;
      for (const users of job.rankedAtOnce()) {
        const best = tf.tidy(() => {
          const x = upload(users);
          return logitsOf(x).sub(x.mul(1e9)).topk(k, true).indices;
        });
        lists.set(await best.data(), at);
        at += best.size;
        best.dispose();
      }
      return lists;
    },
  };
});
