import type { Backend, DeviceInfo } from '../../backend/backend.js';
import { inUsualOrder } from '../../evaluate/evaluate.js';
import { type Named, named } from '../../explain/who.js';
import { Recommender } from '../../recommend/recommender.js';
import { decodeModel, encodeModel, type ModelContents } from '../../store/modelFile.js';
import type { CurvePoint } from '../../train/curve.js';
import type { ModelView } from '../protocol.js';
import { curveCharts } from './trainingReporter.js';

const SUGGESTIONS = 8;

/** A model as a file's bytes, and, on the device that is there, as one that answers. */
export class OpenModel {
  #loaded: { backend: Backend; recommender: Recommender } | undefined;

  private constructor(
    readonly bytes: Uint8Array<ArrayBuffer>,
    readonly contents: ModelContents,
  ) {}

  /** MODEL_FORMAT, MODEL_VERSION, MODEL_CORRUPT. */
  static async read(bytes: Uint8Array<ArrayBuffer>): Promise<OpenModel> {
    return new OpenModel(bytes, await decodeModel(bytes));
  }

  /** One that was just trained; it stays on its device. */
  static async of(recommender: Recommender): Promise<OpenModel> {
    const bytes = await encodeModel(await recommender.contents());
    const model = await OpenModel.read(bytes);
    model.#loaded = { backend: recommender.backend, recommender };
    return model;
  }

  on(backend: Backend): Recommender {
    if (this.#loaded?.backend !== backend) {
      // What was on another device is gone with it.
      this.#loaded = { backend, recommender: Recommender.load(backend, this.contents) };
    }
    return this.#loaded.recommender;
  }

  dispose(): void {
    try {
      this.#loaded?.recommender.dispose();
    } catch {
      // Its device is gone, and with it all it held.
    }
    this.#loaded = undefined;
  }
}

/** What `fit` writes into a manifest, where it is there. */
interface Made {
  readonly device?: DeviceInfo;
  readonly training?: {
    readonly epochs: number;
    readonly bestEpoch: number;
    readonly curve?: readonly CurvePoint[];
  };
  readonly split?: { readonly name: string; readonly seed: number };
  readonly test?: {
    readonly users: { readonly scored: number };
    readonly metrics: NonNullable<ModelView['test']>['metrics'];
    readonly popular: NonNullable<ModelView['test']>['popular'];
  };
}

export function modelView({ contents }: OpenModel, recommender: Recommender): ModelView {
  const { device, training, split, test } = contents.manifest as unknown as Made;
  const curve = training?.curve ?? [];
  return {
    model: contents.model,
    users: contents.users?.length ?? 0,
    items: contents.items.length,
    device,
    weights: training ? `epoch ${training.bestEpoch} of ${training.epochs}` : '',
    test: test &&
      split && {
        users: test.users.scored,
        split: split.name,
        seed: split.seed,
        metrics: Object.fromEntries(
          inUsualOrder(Object.keys(test.metrics)).map((label) => [label, test.metrics[label]]),
        ),
        popular: test.popular,
      },
    curve: curveCharts(curve, { table: true }),
    suggestions: suggestions(recommender),
    hasUsers: contents.histories !== undefined,
  };
}

/** Popular items, each from further down the list than the one before, so that they are not all of one kind. */
function suggestions({ parts }: Recommender): Named[] {
  const { popularity, items } = parts;
  const order = Array.from(items.ids.keys()).sort((a, b) => popularity[b] - popularity[a] || a - b);
  const step = Math.max(1, Math.floor(Math.min(order.length, 10 * SUGGESTIONS) / SUGGESTIONS));
  return order
    .filter((_, place) => place % step === 0)
    .slice(0, SUGGESTIONS)
    .map((index) => named(parts, index));
}
