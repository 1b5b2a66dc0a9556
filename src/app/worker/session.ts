import { FoldinError } from '../../errors.js';
import { groups } from '../../groups/groups.js';
import {
  isMadeOfLog,
  learnsInEpochs,
  MODEL_NAMES,
  modelDefaults,
  trainDefaults,
} from '../../model/registry.js';
import type { Verification } from '../../recommend/provenance.js';
import type { Recommender } from '../../recommend/recommender.js';
import { collectReport, mapOf } from '../../report/collect.js';
import { reportHtml } from '../../report/html.js';
import { groupsSection } from '../../report/sections.js';
import { VERSION } from '../../version.js';
import type { Answer, CallName, Calls, LogOrder, LogView, ModelView, Told, TrainOrder } from '../protocol.js';
import { historyOf, reason, recommendView, Search } from './answers.js';
import { checkKernels } from './checks.js';
import { DeviceKeeper } from './device.js';
import { forget, isAnythingKept, type Kept, keep, kept } from './kept.js';
import { logView, type OpenLog, openLog } from './log.js';
import { modelView, OpenModel } from './model.js';
import { Training } from './training.js';

/** The calls as the worker serves them. */
export type Served = {
  readonly [Name in CallName]: (...given: Parameters<Calls[Name]>) => Answer<Name> | Promise<Answer<Name>>;
};

/** All that the page works with, and what it can ask for. */
export class Session implements Served {
  readonly #device: DeviceKeeper;
  #log: OpenLog | undefined;
  #model: OpenModel | undefined;
  #search: Search | undefined;
  #training: Training | undefined;
  #verified: Verification | undefined;
  /** Of the search for groups, which a new model makes pointless. */
  #grouping = new AbortController();
  #picked = 0;

  constructor(private readonly tell: (told: Told) => void) {
    this.#device = new DeviceKeeper(tell);
  }

  async open() {
    const models = MODEL_NAMES.filter(isMadeOfLog).map((name) => ({
      name,
      learnsInEpochs: learnsInEpochs(name),
      train: trainDefaults(name),
      options: modelDefaults(name) as Record<string, unknown>,
    }));
    // Where nothing can be kept, nothing is.
    const isKept = await isAnythingKept().catch(() => false);
    return { version: VERSION, ...(await this.#device.probe()), models, isKept };
  }

  async restore() {
    return {
      log: await this.#again('log', async (order) => {
        this.#log = await openLog(order, this.tell);
        return logView(this.#log);
      }),
      model: await this.#again('model', async (bytes) => this.#take(await OpenModel.read(bytes))),
    };
  }

  /** Opens what was kept; what cannot be opened any more is said, and left. */
  async #again<Key extends keyof Kept, View>(
    key: Key,
    open: (value: Kept[Key]) => Promise<View>,
  ): Promise<View | undefined> {
    try {
      const value = await kept(key);
      return value && (await open(value));
    } catch (error) {
      const why = (error as Error).message;
      this.tell({ event: 'notice', message: `The ${key} of your last visit cannot be opened: ${why}.` });
      return undefined;
    }
  }

  async readLog(order: LogOrder): Promise<LogView> {
    this.#log = await openLog(order, this.tell);
    await this.#keep('log', order);
    return logView(this.#log);
  }

  async train(order: TrainOrder): Promise<ModelView | undefined> {
    this.#grouping.abort();
    const log = this.#log;
    if (!log) throw notYet('no log was read', 'Take the sample or choose a log first.');
    await this.#device.choose(order.device);
    this.#training = new Training(order, {
      device: this.#device,
      log,
      verified: ({ device: { adapter, driver } }) => {
        const found = this.#verified;
        return found?.adapter === adapter && found.driver === driver ? found : null;
      },
      tell: this.tell,
    });
    try {
      const made = await this.#training.run();
      if (!made) return undefined;
      const view = await this.#take(await OpenModel.of(made.recommender));
      await this.#keep('model', this.#model!.bytes);
      return view;
    } finally {
      this.#training = undefined;
    }
  }

  pause(): void {
    this.#training?.pause();
  }

  goOn(): void {
    this.#training?.goOn();
  }

  stop(): void {
    this.#training?.stop();
  }

  groups() {
    this.#grouping.abort();
    this.#grouping = new AbortController();
    const { signal } = this.#grouping;
    return this.#answered(async (recommender) => {
      const found = await groups(recommender, { signal });
      return { body: groupsSection({ groups: found, map: mapOf(recommender, found, 1) }).body };
    });
  }

  search(text: string) {
    return this.#answered(async (recommender) => {
      this.#search ??= new Search(recommender);
      return this.#search.find(text);
    });
  }

  historyOf(user: string | undefined) {
    return this.#answered(async (recommender) => historyOf(recommender, user, this.#picked++));
  }

  recommend(history: readonly string[]) {
    return this.#answered((recommender) => recommendView(recommender, history));
  }

  why(question: { history: readonly string[]; item: string }) {
    return this.#answered((recommender) => reason(recommender, question));
  }

  exportModel() {
    const { contents, bytes } = this.#required();
    return { name: `${contents.model}.safetensors`, bytes };
  }

  async importModel(file: File): Promise<ModelView> {
    const view = await this.#take(await OpenModel.read(new Uint8Array(await file.arrayBuffer())));
    await this.#keep('model', this.#model!.bytes);
    return view;
  }

  report() {
    return this.#answered(async (recommender) => reportHtml(await collectReport(recommender)));
  }

  verify() {
    return this.#device.run(
      async (backend) => {
        const { view, verification } = await checkKernels(backend, this.tell);
        this.#verified = verification;
        return view;
      },
      () => 'the check starts again',
    );
  }

  async forget(): Promise<void> {
    this.#grouping.abort();
    await forget();
    this.#model?.dispose();
    this.#model = undefined;
    this.#search = undefined;
    this.#log = undefined;
  }

  /** Makes a model the one that answers. */
  async #take(model: OpenModel): Promise<ModelView> {
    const view = await this.#device.run(
      async (backend) => modelView(model, model.on(backend)),
      () => 'the model is loaded again',
    );
    this.#model?.dispose();
    this.#model = model;
    this.#search = undefined;
    return view;
  }

  #answered<T>(work: (recommender: Recommender) => Promise<T>): Promise<T> {
    const model = this.#required();
    return this.#device.run(
      (backend) => work(model.on(backend)),
      () => 'the model is loaded again',
    );
  }

  #required(): OpenModel {
    if (this.#model) return this.#model;
    throw notYet('there is no model yet', 'Train one, or open a model file.');
  }

  /** What cannot be kept is said, and no reason to fail. */
  async #keep<Key extends keyof Kept>(key: Key, value: Kept[Key]): Promise<void> {
    try {
      await keep(key, value);
    } catch (error) {
      const why = (error as Error).message;
      this.tell({ event: 'notice', message: `The ${key} is not kept for your next visit: ${why}.` });
    }
  }
}

const notYet = (message: string, remedy: string): FoldinError =>
  new FoldinError('USAGE', message, { remedy });
