import type { ReadLogOptions } from '../../data/readLog.js';
import { formatted } from '../../report/markup.js';
import type { LogOrder, LogView } from '../protocol.js';
import { byId, fill, h, show, toDom } from './dom.js';

type Read = (order: LogOrder) => void;

/** Where the log comes from: the sample, files that are chosen, files that are dropped. */
export class Data {
  #last: LogOrder['from'] | undefined;

  constructor(
    private readonly read: Read,
    openModel: (file: File) => void,
  ) {
    byId('take-sample').addEventListener('click', () => this.#take({ sample: {} }));
    const files = byId<HTMLInputElement>('log-files');
    files.addEventListener('change', () => this.#files(files));
    const model = byId<HTMLInputElement>('model-file');
    model.addEventListener('change', () => {
      const [file] = model.files ?? [];
      // The same file may be chosen again.
      model.value = '';
      if (file) openModel(file);
    });
    const again = () => this.#last && this.#take(this.#last);
    byId('read-again').addEventListener('click', again);
    byId('titles-file').addEventListener('change', () => this.#last && 'files' in this.#last && again());
    this.#dropping(openModel);
  }

  #files(input: HTMLInputElement): void {
    const files = [...(input.files ?? [])];
    input.value = '';
    if (files.length > 0) this.#take(this.#withTitles(files));
  }

  #withTitles(files: readonly File[]): LogOrder['from'] {
    const [titles] = byId<HTMLInputElement>('titles-file').files ?? [];
    return titles ? { files, titles } : { files };
  }

  #dropping(openModel: (file: File) => void): void {
    const { body } = document;
    body.addEventListener('dragover', (event) => {
      event.preventDefault();
      body.classList.add('dropping');
    });
    body.addEventListener('dragleave', () => body.classList.remove('dropping'));
    body.addEventListener('drop', (event) => {
      event.preventDefault();
      body.classList.remove('dropping');
      if (byId('data').inert) return;
      const files = [...(event.dataTransfer?.files ?? [])];
      const model = files.find(({ name }) => name.endsWith('.safetensors'));
      if (model) openModel(model);
      else if (files.length > 0) this.#take(this.#withTitles(files));
    });
  }

  #take(from: LogOrder['from']): void {
    this.#last = 'files' in from ? { ...from, ...this.#withTitles(from.files) } : from;
    const text = (id: string) => byId<HTMLInputElement | HTMLSelectElement>(id).value.trim() || undefined;
    const number = (id: string) => (text(id) === undefined ? undefined : Number(text(id)));
    this.read({
      from: this.#last,
      reading: given({
        encoding: text('encoding') as ReadLogOptions['encoding'],
        layout: text('layout') as ReadLogOptions['layout'],
        user: text('user-column'),
        item: text('item-column'),
        value: text('value-column'),
        time: text('time-column'),
      }),
      cleaning: given({
        minValue: number('min-value'),
        minUser: number('min-user'),
        minItem: number('min-item'),
      }),
    });
  }

  /** Shows what was read, or that nothing is. */
  show(view: LogView | undefined): void {
    show('choice', view !== undefined);
    byId<HTMLButtonElement>('read-again').disabled = this.#last === undefined;
    fill('log');
    this.say('');
    if (!view) return;
    const [users, items, pairs] = [view.users, view.items, view.interactions].map(formatted);
    this.say(`${view.name}: ${users} users, ${items} items, ${pairs} interactions.`);
    fill(
      'log',
      ...view.facts.map(toDom),
      h('details', {}, h('summary', {}, 'Plots'), h('div', { class: 'charts' }, ...view.plots.map(toDom))),
    );
  }

  forget(): void {
    this.#last = undefined;
    byId<HTMLInputElement>('titles-file').value = '';
    this.show(undefined);
  }

  reading(bytes: number): void {
    this.say(`Reading, ${(bytes / 1e6).toFixed(1)} MB …`);
  }

  /** What is being done, or what came of it. */
  say(text: string): void {
    fill('log-said', text);
  }
}

function given<T extends object>(all: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
