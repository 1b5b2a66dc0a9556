import type { Backend, Tensor } from '../backend/backend.js';
import { randomNormal, STREAM } from '../backend/random.js';
import {
  type ConsecutiveRows,
  consecutive,
  type DeviceRows,
  freeAll,
  uploadRows,
} from '../backend/sparse.js';
import { type Csr, transposed } from '../data/csr.js';
import { FoldinError } from '../errors.js';
import { checkRange, checkWhole } from './config.js';
import type { Model } from './model.js';
import { type FitControl, pace } from './pace.js';
import type { NamedArrays } from './parameters.js';

/** Implicit ALS; see `fitIals`. */
export interface IalsConfig {
  /** d: numbers that stand for a user, and for an item. */
  readonly factors: number;
  /** lambda: how much factors are held back. */
  readonly l2: number;
  /** w0: what a pair that did not happen counts as, beside 1 for one that did. */
  readonly negativeWeight: number;
  /** Times that all users, then all items are solved for. */
  readonly sweeps: number;
}

export const IALS_DEFAULTS: IalsConfig = { factors: 128, l2: 0.007, negativeWeight: 0.3, sweeps: 6 };

/** CONFIG, with the option's name, unless every value makes sense. */
export function checkIalsConfig(config: IalsConfig): void {
  checkWhole('factors', config.factors, 1, 512);
  checkRange('l2', config.l2, 1e-9, 1e6);
  checkRange('negative-weight', config.negativeWeight, 1e-6, 1e3);
  checkWhole('sweeps', config.sweeps, 1, 1000);
}

/** The systems of so many rows are solved at once, as far as they take no more memory than this. */
const MOST_ROWS = 1024;
const FEWEST_ROWS = 64;
const SYSTEM_BYTES = 16 * 2 ** 20;

const rowsAtOnce = (d: number): number => {
  const fitting = Math.floor(SYSTEM_BYTES / (4 * d * d) / FEWEST_ROWS) * FEWEST_ROWS;
  return Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, fitting));
};

/**
 * Solves for the factors of the batch's rows while those of the columns stay: out[b] minimises
 * sum_e x_e (1 - out y_e)² + w0 |Y out|² + lambda (sum_e x_e + w0 columns) |out|².
 */
function solve(
  backend: Backend,
  config: IalsConfig,
  args: { input: DeviceRows; batch: ConsecutiveRows; factors: Tensor; base: Tensor; out: Tensor },
): void {
  const { input, batch, factors, base, out } = args;
  const { l2, negativeWeight } = config;
  const [rows, d] = out.shape;
  const part = rowsAtOnce(d);
  backend.scope(() => {
    const most = Math.min(part, rows);
    const [systems, rhs] = [backend.zeros('f32', [most * d, d]), backend.zeros('f32', [most, d])];
    for (let first = 0; first < rows; first += part) {
      const count = Math.max(0, Math.min(batch.count - first, part));
      const solutions = backend.slice(out, first, Math.min(part, rows - first));
      const [size] = solutions.shape;
      const isWhole = size === most;
      const mine = {
        systems: isWhole ? systems : backend.slice(systems, 0, size * d),
        rhs: isWhole ? rhs : backend.slice(rhs, 0, size),
      };
      backend.normalEquations({
        ...mine,
        input,
        // Of a part that holds nobody, the first row may be beyond the last that there is.
        batch: { rows: batch.rows, first: count > 0 ? batch.first + first : 0, count },
        factors,
        base,
        baseWeight: negativeWeight,
        ridge: l2 * negativeWeight * factors.shape[0],
        entryRidge: l2,
      });
      backend.solveSystems({ ...mine, solutions, count });
    }
  });
}

/** YT Y of factors Y f32[n, d]; the caller's to free. */
function gramOf(backend: Backend, factors: Tensor): Tensor {
  const d = factors.shape[1];
  return backend.scope(() => {
    const out = backend.zeros('f32', [d, d]);
    backend.matmulTN({ a: factors, b: factors, out, sums: backend.zeros('f32', [d]) });
    return out;
  });
}

/**
 * Factors of items, and whoever asks is solved for in the same way as the users of the training were (fold-in): nobody
 * is stored.
 */
export class Ials implements Model {
  readonly name = 'ials';
  readonly isAdditive = false;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly units: number;
  /** f32[d, items] */
  readonly unitWeights: Tensor;
  readonly #base: Tensor;
  readonly #noBias: Tensor;

  /** Takes `factors` f32[items, d] over: it is freed with the model. */
  constructor(
    private readonly backend: Backend,
    readonly config: IalsConfig,
    private readonly factors: Tensor,
  ) {
    const [items, d] = factors.shape;
    this.units = d;
    this.tensors = new Map([['items', factors]]);
    const made = backend.scope(() => {
      const turned = backend.zeros('f32', [d, items]);
      backend.transpose({ input: factors, out: turned });
      return { turned, base: gramOf(backend, factors), noBias: backend.zeros('f32', [items]) };
    });
    this.unitWeights = made.turned;
    this.#base = made.base;
    this.#noBias = made.noBias;
  }

  /** As it was saved. SHAPE_MISMATCH when the factors are not items x d. */
  static load(backend: Backend, items: number, config: IalsConfig, tensors: NamedArrays): Ials {
    checkIalsConfig(config);
    const saved = tensors.get('items');
    if (saved?.shape.join() !== `${items},${config.factors}`) {
      throw new FoldinError(
        'SHAPE_MISMATCH',
        `items should be f32[${items},${config.factors}], got [${saved?.shape ?? 'nothing'}]`,
        { remedy: 'Load a model with the configuration it was saved with.' },
      );
    }
    return new Ials(backend, config, backend.tensor(saved.values, saved.shape));
  }

  get items(): number {
    return this.factors.shape[0];
  }

  inputValues(histories: Csr): Float32Array | undefined {
    return histories.values;
  }

  /** out f32[batch, d]: the factors of the batch's users. */
  represent(input: DeviceRows, batch: ConsecutiveRows, out: Tensor): void {
    solve(this.backend, this.config, { input, batch, factors: this.factors, base: this.#base, out });
  }

  score(input: DeviceRows, batch: ConsecutiveRows, scores: Tensor): void {
    this.backend.scope(() => {
      const users = this.backend.zeros('f32', [scores.shape[0], this.units]);
      this.represent(input, batch, users);
      const bias = this.#noBias;
      this.backend.matmulNN({ a: users, b: this.unitWeights, bias, out: scores, activation: 'linear' });
    });
  }

  dispose(): void {
    freeAll([this.factors, this.unitWeights, this.#base, this.#noBias]);
  }
}

/**
 * Matrix factorisation by alternating least squares (Hu, Koren & Volinsky 2008), with the loss, and with the
 * regularisation that grows with what an item or a user has, of Rendle et al. 2021 ("iALS++", eqs. 1 and 9 at nu = 1):
 * sum_ui x_ui (1 - w_u h_i)² + w0 sum over all pairs (w_u h_i)² + lambda (sum_u (|x_u| + w0 items) |w_u|² + sum_i
 * (|x_i| + w0 users) |h_i|²), |x|
 * the sum of a row or column of the histories. Items begin at random, with a standard deviation of .1 / sqrt(d).
 */
export async function fitIals(
  backend: Backend,
  train: Csr,
  config: IalsConfig,
  { seed, ...control }: FitControl & { readonly seed: number },
): Promise<Ials> {
  checkIalsConfig(config);
  const { factors: d, sweeps } = config;
  const turned = transposed(train);
  const part = rowsAtOnce(d);
  const partsOf = ({ rows }: Csr) => Math.ceil(rows / part);
  const step = pace(backend, control, sweeps * (partsOf(train) + partsOf(turned)));
  const held = new Set<{ free(): void }>();
  const keep = <T extends { free(): void }>(made: T): T => {
    held.add(made);
    return made;
  };
  try {
    const sides = [train, turned].map((matrix) => ({
      input: keep(uploadRows(backend, matrix)),
      numbers: keep(consecutive(backend, matrix.rows)),
      factors: keep(backend.zeros('f32', [matrix.rows, d])),
    }));
    const items = sides[1].factors;
    const sd = 0.1 / Math.sqrt(d);
    backend.write(
      items,
      Float32Array.from(
        { length: items.size },
        (_, at) => sd * randomNormal(seed, STREAM.weights, Math.floor(at / d), at % d),
      ),
    );
    for (let sweep = 0; sweep < sweeps; sweep++) {
      for (const [mine, other] of [sides, [...sides].reverse()]) {
        const base = keep(gramOf(backend, other.factors));
        for (let first = 0; first < mine.input.rows; first += part) {
          const count = Math.min(part, mine.input.rows - first);
          const batch = { rows: mine.numbers, first, count, consecutive: true } as const;
          const out = backend.slice(mine.factors, first, count);
          solve(backend, config, { input: mine.input, batch, factors: other.factors, base, out });
          // Few launches, long ones: how long the next takes cannot be guessed from the last.
          backend.submit();
          await step();
        }
        base.free();
        held.delete(base);
      }
    }
    held.delete(items);
    return new Ials(backend, config, items);
  } finally {
    for (const made of held) made.free();
  }
}
