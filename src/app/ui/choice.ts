import { outputFor } from '../../model/config.js';
import type { ModelChoice, Opened, TrainOrder } from '../protocol.js';
import { byId, fill, h } from './dom.js';
import { type OptionField, optionField } from './options.js';
import { MODEL_WORDS, OPTION_WORDS, TRAIN_WORDS } from './words.js';

/** The form of models and options. */
export class Choice {
  #models: readonly ModelChoice[] = [];
  #options: readonly OptionField[] = [];
  #training: readonly OptionField[] = [];

  constructor(onTrain: (order: TrainOrder) => void) {
    byId('train-form').addEventListener('submit', (event) => {
      event.preventDefault();
      onTrain(this.order());
    });
  }

  /** Offers what there is. */
  open({ models, webgpu }: Opened): void {
    const names = Object.keys(MODEL_WORDS);
    const place = ({ name }: ModelChoice): number =>
      names.includes(name) ? names.indexOf(name) : names.length;
    this.#models = [...models].sort((a, b) => place(a) - place(b));
    const isFirst = ({ name }: ModelChoice): boolean => MODEL_WORDS[name]?.isFirst ?? false;
    const cards = (of: readonly ModelChoice[]) =>
      of.map((model) => this.#card(model, model === this.#models[0]));
    fill('models', ...cards(this.#models.filter(isFirst)));
    fill('more-models', ...cards(this.#models.filter((model) => !isFirst(model))));
    this.#choose(this.#models[0]);
    const device = byId<HTMLSelectElement>('device-choice');
    device.value = webgpu ? 'auto' : 'cpu';
    device.disabled = !webgpu;
  }

  #card(model: ModelChoice, chosen: boolean): HTMLElement {
    const { title, text } = MODEL_WORDS[model.name] ?? { title: model.name, text: '' };
    const id = `model-${model.name}`;
    return h(
      'div',
      { class: 'model' },
      h('input', {
        type: 'radio',
        name: 'model',
        id,
        value: model.name,
        checked: chosen,
        onchange: () => this.#choose(model),
      }),
      h('label', { for: id }, h('strong', {}, title), ' ', h('code', {}, model.name), h('span', {}, text)),
    );
  }

  #choose({ train, options, learnsInEpochs }: ModelChoice): void {
    const fields = (place: string, values: object, words: typeof OPTION_WORDS): OptionField[] =>
      Object.entries(values).flatMap(([name, usual]) => optionField(place, name, usual, words[name]) ?? []);
    this.#options = fields('option', options, OPTION_WORDS);
    // What is fitted in one go has nothing of a training but its seed.
    this.#training = fields('train', learnsInEpochs ? train : { seed: train.seed }, TRAIN_WORDS);
    const isSimple = ({ name }: OptionField) => TRAIN_WORDS[name]?.isSimple ?? false;
    fill(
      'simple-options',
      ...this.#training.filter(isSimple).map(({ element }) => element),
      byId('split-field'),
      byId('device-field'),
    );
    fill(
      'advanced-options',
      ...this.#options.map(({ element }) => element),
      ...this.#training.filter((field) => !isSimple(field)).map(({ element }) => element),
    );
  }

  order(): TrainOrder {
    const model = byId<HTMLFormElement>('train-form').elements.namedItem('model') as RadioNodeList;
    const chosen = this.#models.find(({ name }) => name === model.value)!;
    const options = changes(this.#options);
    // A loss decides what it sees of the scores.
    if (typeof options['loss'] === 'string' && 'output' in chosen.options)
      options['output'] = outputFor(options['loss'] as Parameters<typeof outputFor>[0]);
    const train = changes(this.#training);
    const seed = Number(train['seed'] ?? chosen.train.seed);
    const split = byId<HTMLSelectElement>('split').value as TrainOrder['split']['name'];
    return {
      model: chosen.name,
      options,
      train,
      split: { name: split, seed, validation: 0.1, test: 0.1 },
      device: byId<HTMLSelectElement>('device-choice').value as TrainOrder['device'],
    };
  }
}

function changes(fields: readonly OptionField[]): Record<string, unknown> {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const value = field.changed();
      return value === undefined ? [] : [[field.name, value]];
    }),
  );
}
