import type { Tensor } from '../backend/backend.js';
import type { DenseShape, Tuned, TuneMode, TuneRequest, Tuning } from '../backend/tuning.js';
import { FoldinError } from '../errors.js';
import { type MatmulOps, matmulOps } from './matmul.js';
import type { Memory } from './memory.js';
import type { Launch, Queue } from './queue.js';
import { partsFor, VARIANT_NAMES, VARIANTS, type VariantName } from './variants.js';

/** The way in which each product is computed; what launches read, and tuning changes. */
export type Choice = { -readonly [Product in keyof Tuning]: VariantName };

const PRODUCTS = ['matmulNN', 'matmulNT', 'matmulTN'] as const satisfies readonly (keyof Tuning)[];

export const allBy = (name: VariantName): Choice => ({ matmulNN: name, matmulNT: name, matmulTN: name });

/** A tuning as this version's choice. CONFIG for a name it does not know. */
export function choiceOf(tuning: Tuning): Choice {
  const choice = allBy('register');
  for (const product of PRODUCTS) {
    const name = VARIANT_NAMES.find((known) => known === tuning[product]);
    if (name === undefined) {
      throw new FoldinError('CONFIG', `there is no way "${tuning[product]}" to compute ${product}`, {
        remedy: `Tune anew, or use one of: ${VARIANT_NAMES.join(', ')}.`,
      });
    }
    choice[product] = name;
  }
  return choice;
}

/** How long is measured, first launches not counted, and what a sample takes at least. */
const EFFORT: Record<Exclude<TuneMode, 'off'>, { rounds: number; deadlineMs: number; sampleMs: number }> = {
  quick: { rounds: 5, deadlineMs: 300, sampleMs: 2 },
  full: { rounds: 25, deadlineMs: 10_000, sampleMs: 10 },
};
/** A way this many times slower than the best, and by more than a launch may be late, is not timed again. */
const HOPELESS = 3;
const LATE_MS = 20;
const FEWEST_ROUNDS = 3;
/** Another way must be this much faster than the usual one: less is noise. */
const MARGIN = 0.95;
/** So many outputs stand for wider layers: what is fastest for them is fastest for more. */
const MOST_OUTPUTS = 65_536;

/** One way to compute one product for all layers. */
interface Trial {
  readonly product: keyof Tuning;
  readonly name: VariantName;
  /** Enqueues it once. */
  readonly run: () => void;
  /** What that launches. */
  readonly launches: readonly Launch[];
}

export interface TuneDevice {
  readonly queue: Queue;
  readonly memory: Memory;
  /** Adapter and driver, for the cache's key. */
  readonly adapter: string;
  /** What is taken where nothing is measured or nothing is clearly faster. */
  readonly usual: VariantName;
}

/** The fastest way for each product of these layers: out of the cache, or measured on this device now. */
export async function tune(device: TuneDevice, request: TuneRequest): Promise<Tuned> {
  const started = performance.now();
  const { mode, layers, cache } = request;
  const done = (tuning: Choice, from: Tuned['from'], times = noTimes()): Tuned => ({
    tuning,
    from,
    times,
    ms: performance.now() - started,
  });
  if (mode === 'off' || layers.length === 0) return done(allBy(device.usual), 'default');
  // Which ways there are belongs to the key, too.
  const shapes = layers.map(({ batch, inputs, outputs }) => [batch, inputs, outputs]);
  const key = JSON.stringify([device.adapter, VARIANT_NAMES, mode, shapes]);
  const kept = await cache?.get(key);
  const known = kept === undefined ? undefined : parse(kept, key);
  if (known) return done(known, 'cache');
  if (kept !== undefined)
    request.onNotice?.('what was timed before is damaged, so the kernels are timed again');

  const times = await measure(device, layers, mode);
  const tuning = allBy(device.usual);
  for (const product of PRODUCTS) tuning[product] = fastest(times[product], device.usual);
  await cache?.set(key, JSON.stringify({ key, tuning }));
  return done(tuning, 'measurement', times);
}

type Times = Record<keyof Tuning, Record<string, number>>;
const noTimes = (): Times => ({ matmulNN: {}, matmulNT: {}, matmulTN: {} });

/** What a cache gave back; undefined unless it is what was put there under this key. */
function parse(text: string, key: string): Choice | undefined {
  try {
    const kept = JSON.parse(text) as { key: string; tuning: Tuning };
    return kept.key === key ? choiceOf(kept.tuning) : undefined;
  } catch {
    return undefined;
  }
}

/** The way with the least ms; the usual one unless another is clearly faster. */
export function fastest(ms: Readonly<Record<string, number>>, usual: VariantName): VariantName {
  let best = usual;
  let least = usual in ms ? MARGIN * ms[usual] : Number.POSITIVE_INFINITY;
  for (const name of VARIANT_NAMES) {
    if (!(ms[name] < least)) continue;
    best = name;
    least = ms[name];
  }
  return best;
}

async function measure(
  { queue, memory, usual }: TuneDevice,
  layers: readonly DenseShape[],
  mode: 'quick' | 'full',
): Promise<Times> {
  const { rounds, deadlineMs, sampleMs } = EFFORT[mode];
  const made: Tensor[] = [];
  try {
    const all = trialsOf(queue, memory, layers, made);
    const compile = await Promise.all(all.map(({ launches }) => queue.kernels.prepare(launches)));
    // A driver may refuse a way; another will do.
    const compiled = all.filter((_, i) => compile[i]);
    const hopeful = await withoutHopeless(queue, compiled, usual);
    const samples = new Map<Trial, number[]>([...hopeful.keys()].map((trial) => [trial, []]));
    // In turn, so that what else the device does falls on all alike.
    const started = performance.now();
    for (let round = 0; round < rounds; round++) {
      if (round >= FEWEST_ROUNDS && performance.now() - started > deadlineMs) break;
      for (const [trial, ms] of samples) {
        const launches = Math.min(64, Math.ceil(sampleMs / hopeful.get(trial)!));
        ms.push(await sample(queue, trial, launches));
      }
    }
    const times = noTimes();
    for (const [{ product, name }, ms] of samples) times[product][name] = median(ms);
    return times;
  } finally {
    for (const tensor of made) tensor.free();
  }
}

/** The trials that may win, and about how long each takes: the first launch warms up, the better of two counts. */
async function withoutHopeless(
  queue: Queue,
  trials: readonly Trial[],
  usual: VariantName,
): Promise<Map<Trial, number>> {
  const least = new Map<Trial, number>(trials.map((trial) => [trial, Number.POSITIVE_INFINITY]));
  for (let i = 0; i < 2; i++) {
    for (const [trial, ms] of least) least.set(trial, Math.min(ms, await sample(queue, trial, 1)));
  }
  const bestOf = (product: keyof Tuning) =>
    Math.min(...trials.filter((trial) => trial.product === product).map((trial) => least.get(trial)!));
  const hopeful = [...least].filter(
    ([{ product, name }, ms]) => name === usual || ms < Math.max(HOPELESS * bestOf(product), LATE_MS),
  );
  return new Map(hopeful);
}

/** Every way to compute every product of the layers, on tensors that are added to `made`. */
function trialsOf(queue: Queue, memory: Memory, layers: readonly DenseShape[], made: Tensor[]): Trial[] {
  const zeros = (...shape: number[]): Tensor => {
    const tensor = memory.zeros('f32', shape);
    made.push(tensor);
    return tensor;
  };
  const shapes = layers.map(({ batch, inputs, outputs }) => {
    // Every tensor here must be one that the adapter binds whole.
    const most = Math.floor(memory.bindingLimit / (8 * Math.max(8, batch, inputs)));
    return { batch, inputs, outputs: Math.min(outputs, MOST_OUTPUTS, most) };
  });
  const tensors = shapes.map(({ batch, inputs, outputs }) => ({
    x: zeros(batch, inputs),
    w: zeros(inputs, outputs),
    y: zeros(batch, outputs),
    xGrad: zeros(batch, inputs),
    wGrad: zeros(inputs, outputs),
    bias: zeros(outputs),
  }));
  const trials: Trial[] = [];
  for (const name of VARIANT_NAMES) {
    const ops = matmulOps(queue, allBy(name));
    const launches: Launch[] = [];
    const recording = matmulOps({ launch: (launch) => launches.push(launch) }, allBy(name));
    const trial = (product: keyof Tuning, compute: (ops: MatmulOps, layer: number) => void) => {
      tensors.forEach((_, layer) => {
        compute(recording, layer);
      });
      const run = () => {
        for (let layer = 0; layer < tensors.length; layer++) compute(ops, layer);
      };
      trials.push({ product, name, run, launches: launches.splice(0) });
    };
    trial('matmulNN', (ops, layer) => {
      const { x, w, bias, y } = tensors[layer];
      ops.matmulNN({ a: x, b: w, bias, out: y, activation: 'linear' });
    });
    const allParts = shapes.map(({ batch, inputs, outputs }) => {
      const splits = partsFor(VARIANTS[name], batch, inputs, outputs);
      return splits === 1 ? undefined : zeros(splits * batch, inputs);
    });
    trial('matmulNT', (ops, layer) => {
      const { y, w, x, xGrad } = tensors[layer];
      const parts = allParts[layer];
      const rest = { saved: x, out: xGrad, activation: 'relu' } as const;
      if (!parts) return ops.matmulNTActivation({ a: y, b: w, ...rest });
      ops.matmulNT({ a: y, b: w, out: parts });
      ops.reduceActivation({ parts, ...rest });
    });
    trial('matmulTN', (ops, layer) => {
      const { x, y, wGrad, bias } = tensors[layer];
      ops.matmulTN({ a: x, b: y, out: wGrad, sums: bias });
    });
  }
  return trials;
}

/** Ms of one of `n` runs. */
async function sample(queue: Queue, { run }: Trial, n: number): Promise<number> {
  await queue.idle();
  const started = performance.now();
  for (let i = 0; i < n; i++) run();
  await queue.idle();
  return (performance.now() - started) / n;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
