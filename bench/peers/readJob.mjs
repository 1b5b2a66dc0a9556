// The job as the peers read it; job.ts says what the files hold.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The job of a folder, with `order(epoch)`, `denseRows(users)` and the first weights `W1 b1 W2 b2 ...`. */
export function readJob(folder) {
  const job = JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8'));
  const words = (name, Type) => {
    const { buffer, byteOffset, byteLength } = readFileSync(join(folder, name));
    return new Type(buffer.slice(byteOffset, byteOffset + byteLength));
  };
  const indptr = words('indptr.u32', Uint32Array);
  const indices = words('indices.u32', Uint32Array);
  const orders = words('orders.u32', Uint32Array);
  const numbers = words('weights.f32', Float32Array);
  const sizes = [job.items, ...job.hidden, job.items];
  const layers = sizes.length - 1;
  const weights = {};
  let at = 0;
  const take = (size) => {
    at += size;
    return numbers.slice(at - size, at);
  };
  for (let l = 1; l <= layers; l++) {
    weights[`W${l}`] = { shape: [sizes[l - 1], sizes[l]], values: take(sizes[l - 1] * sizes[l]) };
    weights[`b${l}`] = { shape: [sizes[l]], values: take(sizes[l]) };
  }
  return {
    ...job,
    layers,
    weights,
    /** The users of the batches of an epoch. */
    batches(epoch) {
      const order = orders.subarray(epoch * job.users, (epoch + 1) * job.users);
      return slices(order, job.batch);
    },
    /** All users, as many at a time as are ranked at once. */
    rankedAtOnce: () =>
      slices(
        Uint32Array.from({ length: job.users }, (_, user) => user),
        512,
      ),
    /** f32[users, items]: 1 for each interaction. */
    denseRows(users) {
      const rows = new Float32Array(users.length * job.items);
      users.forEach((user, row) => {
        for (let e = indptr[user]; e < indptr[user + 1]; e++) rows[row * job.items + indices[e]] = 1;
      });
      return rows;
    },
  };
}

const slices = (all, size) =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.subarray(i * size, (i + 1) * size));
