import { type Backend, SLICE, type Tensor, type TensorGroup } from '../backend/backend.js';
import { mix, randomNormal, randomUniform, STREAM } from '../backend/random.js';
import { type ConsecutiveRows, type DeviceRows, freeAll } from '../backend/sparse.js';
import type { DenseLayer } from './dense.js';
import type { PairInputs, PairModel, Parameters } from './model.js';
import { checkNeumfConfig, type NeumfConfig } from './neumfConfig.js';
import { FOLDED, FoldIn, type ItemSide } from './neumfFold.js';
import { type NamedArrays, parameterGroup } from './parameters.js';
import { Tower } from './tower.js';

/** Pairs that are scored at a time, but for catalogues that are larger. */
const SCORED = 65_536;
/** Standard deviation of fresh tables (He et al. 2017, sec. 4.1). */
const DEVIATION = 0.01;

/** What scoring needs besides the parameters. */
interface Scoring {
  readonly foldIn: FoldIn;
  /** Of all items for some users. */
  readonly tower: Tower;
  /** f32[factors, items]: the items' factors turned round. */
  readonly turned: Tensor;
  readonly noBias: Tensor;
}

/**
 * Neural matrix factorisation (He et al. 2017): the logarithm of the odds that user u has item i is
 * p_u q_i + MLP(a_u + b_i), a product of factors (GMF) and layers of relu over the sum of two rows. The paper's output
 * weights of the product and its first layer over the concatenated embeddings are themselves products with embeddings:
 * here they are learned within p, q, a and b, which can be the same functions.
 * A model holds no users: whoever is asked for, also somebody it was trained on, is folded in, see FoldIn.
 */
export class Neumf implements PairModel {
  readonly name = 'neumf';
  readonly learnsFrom = 'pairs';
  readonly isAdditive = false;
  /**
   * `itemFactors` f32[items, factors], `itemUnits` f32[items, hidden1], W1 f32[hidden1, hidden2], b1, ..., the last of one
   * output.
   */
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly #values: TensorGroup;
  readonly #names: readonly string[];
  readonly #all: ReadonlyMap<string, Tensor>;
  readonly #items: ItemSide;
  #parameters: Parameters | undefined;
  #training: Tower | undefined;
  #scoring: Scoring | undefined;

  /** `initial` holds `userFactors` and `userUnits` of so many users, too, where the model is to be trained. */
  constructor(
    private readonly backend: Backend,
    readonly items: number,
    readonly config: NeumfConfig,
    initial: NamedArrays,
    users = 0,
  ) {
    checkNeumfConfig(config);
    const shapes = parameterShapes(items, users, config);
    const { values, tensors } = parameterGroup(backend, shapes, initial);
    this.#values = values;
    this.#all = tensors;
    this.#names = [...shapes.keys()];
    this.tensors = new Map([...tensors].filter(([name]) => !name.startsWith('user')));
    this.#items = {
      factors: tensors.get('itemFactors')!,
      units: tensors.get('itemUnits')!,
      layers: this.#layersOf((name) => tensors.get(name)!),
    };
  }

  get negatives(): number {
    return this.config.negatives;
  }

  get parameters(): Parameters {
    // The gradients are made on the first use: a model that only scores needs none.
    this.#parameters ??= {
      names: this.#names,
      values: this.#values,
      grads: this.backend.group(this.#values.parts.map(({ shape }) => shape)),
      decayed: this.#values.starts[this.#names.indexOf('b1')],
    };
    return this.#parameters;
  }

  /** What counts is which items there are. */
  inputValues(): undefined {}

  /** The probability that belongs to a score. */
  probability(score: number): number {
    return 1 / (1 + Math.exp(-score));
  }

  score({ matrix }: DeviceRows, { first, count }: ConsecutiveRows, scores: Tensor): void {
    const { backend, items } = this;
    const { foldIn, tower, turned, noBias } = this.#scoringSpace();
    const [batch] = scores.shape;
    backend.transpose({ input: this.#items.factors, out: turned });
    for (let at = 0; at < count; at += FOLDED) {
      const mine = Math.min(FOLDED, count - at);
      const { factors, units } = foldIn.users(matrix, first + at, mine);
      const rows = Math.min(FOLDED, batch - at);
      const out = batch > FOLDED ? backend.slice(scores, at, rows) : scores;
      const a = rows < FOLDED ? backend.slice(factors, 0, rows) : factors;
      backend.matmulNN({ a, b: turned, bias: noBias, out, activation: 'linear' });
      const most = Math.floor(tower.capacity / items);
      for (let row = 0; row < mine; row += most) {
        const place = { firstRow: row, rows: Math.min(most, mine - row) };
        const { out: sums, activation } = tower.units[0];
        backend.gridSum({ ...place, users: units, items: this.#items.units, out: sums, activation });
        tower.forward();
        backend.pairScores({ ...place, parts: tower.logits.out, scores: out });
      }
    }
  }

  pairGradients(step: PairInputs): void {
    const { backend } = this;
    const { pairs, first, count, lossParts, starts, entries } = step;
    if (this.#training?.capacity !== step.capacity) {
      this.#training?.dispose();
      this.#training = new Tower(backend, step.capacity, this.#items.layers, 'relu');
    }
    const tower = this.#training;
    const { out, activation } = tower.units[0];
    const [userFactors, userUnits] = ['userFactors', 'userUnits'].map((name) => this.#all.get(name)!);
    const batch = { pairs, first, count };
    const logits = tower.logits.out;
    backend.pairSum({ ...batch, users: userUnits, items: this.#items.units, out, activation });
    tower.forward();
    const scale = 1 / step.positives;
    backend.pairLoss({
      ...batch,
      users: userFactors,
      items: this.#items.factors,
      logits,
      loss: lossParts,
      scale,
    });
    const sumGrad = tower.backward(this.#layersOf((name) => this.#grad(name)));
    const shared = { starts, entries, logitGrad: logits, sumGrad };
    backend.pairBackward({
      ...shared,
      firstStart: step.firstUserStart,
      others: this.#items.factors,
      outDot: this.#grad('userFactors'),
      outSum: this.#grad('userUnits'),
    });
    backend.pairBackward({
      ...shared,
      firstStart: step.firstItemStart,
      others: userFactors,
      outDot: this.#grad('itemFactors'),
      outSum: this.#grad('itemUnits'),
    });
  }

  #layersOf(tensor: (name: string) => Tensor): DenseLayer[] {
    return this.config.hidden.map((_, l) => ({ weights: tensor(`W${l + 1}`), bias: tensor(`b${l + 1}`) }));
  }

  #grad(name: string): Tensor {
    return this.parameters.grads.parts[this.#names.indexOf(name)];
  }

  #scoringSpace(): Scoring {
    const { backend, items, config } = this;
    this.#scoring ??= {
      foldIn: new FoldIn(backend, this.#items, config),
      tower: new Tower(
        backend,
        items * Math.min(SLICE, Math.max(1, Math.floor(SCORED / items))),
        this.#items.layers,
        'relu',
      ),
      turned: backend.zeros('f32', [config.factors, items]),
      noBias: backend.zeros('f32', [items]),
    };
    return this.#scoring;
  }

  endTraining(): void {
    this.#parameters?.grads.whole.free();
    this.#parameters = undefined;
    this.#training?.dispose();
    this.#training = undefined;
  }

  dispose(): void {
    this.endTraining();
    if (this.#scoring) {
      const { foldIn, tower, turned, noBias } = this.#scoring;
      foldIn.dispose();
      tower.dispose();
      freeAll([turned, noBias]);
    }
    this.#scoring = undefined;
    this.#values.whole.free();
  }
}

/** Shapes by name, in the order of memory: tables and weights, then the biases of the layers. */
function parameterShapes(
  items: number,
  users: number,
  { factors, hidden }: NeumfConfig,
): Map<string, readonly number[]> {
  const outputs = [...hidden.slice(1), 1];
  const table = (side: string, rows: number): [string, number[]][] => [
    [`${side}Factors`, [rows, factors]],
    [`${side}Units`, [rows, hidden[0]]],
  ];
  return new Map<string, readonly number[]>([
    ...(users > 0 ? table('user', users) : []),
    ...table('item', items),
    ...hidden.map((inputs, l): [string, number[]] => [`W${l + 1}`, [inputs, outputs[l]]]),
    ...outputs.map((n, l): [string, number[]] => [`b${l + 1}`, [n]]),
  ]);
}

/**
 * Fresh parameters: tables normal with a standard deviation of 0.01, weights uniform in ±sqrt(6 / (inputs + outputs)) (Glorot
 * & Bengio 2010, eq. 16), biases zero.
 */
export function initialNeumf(items: number, users: number, config: NeumfConfig, seed: number): NamedArrays {
  checkNeumfConfig(config);
  const normals = mix(mix(seed) ^ STREAM.weights);
  return new Map(
    [...parameterShapes(items, users, config)].map(([name, shape], place) => {
      const values = new Float32Array(shape.reduce((size, n) => size * n, 1));
      if (name.startsWith('W')) {
        const bound = Math.sqrt(6 / (shape[0] + shape[1]));
        for (let i = 0; i < values.length; i++) {
          values[i] = (2 * randomUniform(seed, STREAM.weights, place, i) - 1) * bound;
        }
      } else if (!name.startsWith('b')) {
        for (let i = 0; i < values.length; i++) values[i] = DEVIATION * randomNormal(normals, 0, place, i);
      }
      return [name, { shape, values }];
    }),
  );
}
