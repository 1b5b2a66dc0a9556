import type { DeviceInfo } from '../backend/backend.js';
import type { CleanOptions } from '../data/clean.js';
import type { ReadLogOptions } from '../data/readLog.js';
import type { SampleOptions } from '../data/sample.js';
import type { SplitSpec } from '../data/splitBy.js';
import type { Summary } from '../evaluate/summary.js';
import type { Named } from '../explain/who.js';
import type { TrainConfig } from '../model/config.js';
import type { RecommendedItem } from '../recommend/recommender.js';
import type { Markup } from '../report/markup.js';

/**
 * What the page and its worker say to each other. All of it is plain data. The page calls by name and gets one answer
 * (`Calls`); the worker tells what happens meanwhile (`Told`).
 */
export interface Calls {
  /** What there is to compute on, what there is to train, and whether something was kept from last time. */
  open(): Opened;
  /** What was kept from last time. */
  restore(): Restored;
  readLog(order: LogOrder): LogView;
  /** Undefined when it was stopped before there was anything to keep. */
  train(order: TrainOrder): ModelView | undefined;
  pause(): void;
  goOn(): void;
  /** Ends the training; what it has learned up to its last kept epoch stays. */
  stop(): void;
  groups(): GroupsView;
  /** Items by their titles and ids. */
  search(text: string): Named[];
  /** The history of a user of the log; of any of them where none is named. */
  historyOf(user: string | undefined): { user: string; items: Named[] };
  recommend(history: readonly string[]): RecommendView;
  /** Why an item is recommended, as the end of a sentence. */
  why(question: { history: readonly string[]; item: string }): string;
  exportModel(): { name: string; bytes: Uint8Array<ArrayBuffer> };
  importModel(file: File): ModelView;
  /** The report of `foldin report` on the model, as HTML for a file. */
  report(): string;
  verify(): VerifyView;
  forget(): void;
}

export type CallName = keyof Calls;
export type Answer<Name extends CallName> = ReturnType<Calls[Name]>;

/** What the worker tells without being asked. */
export type Told =
  /** Something a person should know. */
  | { readonly event: 'notice'; readonly message: string }
  /** What is computed on from now on. */
  | { readonly event: 'device'; readonly device: DeviceInfo }
  /** So many bytes of a log are read. */
  | { readonly event: 'reading'; readonly bytes: number }
  /** How much of the kernel cases is checked, from 0 to 1. */
  | { readonly event: 'verifying'; readonly share: number }
  | ({ readonly event: 'training' } & TrainingState)
  /** The training curve so far. */
  | { readonly event: 'curve'; readonly charts: readonly Markup[] };

export interface TrainingState {
  readonly epoch: number;
  readonly epochs: number;
  /** Of all epochs, from 0 to 1. */
  readonly share: number;
  /** Users a second; 0 before the first epoch has ended. */
  readonly rate: number;
  /** Until the last epoch, unless no better one comes before. */
  readonly leftSec: number | undefined;
  readonly paused: boolean;
}

export interface Opened {
  readonly version: string;
  /** What WebGPU offers here; undefined where it offers nothing, and then `why`. */
  readonly webgpu: DeviceInfo | undefined;
  readonly why: string;
  readonly models: readonly ModelChoice[];
  readonly isKept: boolean;
}

/** A model that can be trained, with everything that can be set and what it is unless set otherwise. */
export interface ModelChoice {
  readonly name: string;
  readonly learnsInEpochs: boolean;
  readonly train: TrainConfig;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface Restored {
  readonly log: LogView | undefined;
  readonly model: ModelView | undefined;
}

/** Where a log comes from, and how it is to be read and cleaned. */
export interface LogOrder {
  readonly from:
    | { readonly sample: SampleOptions }
    | { readonly files: readonly File[]; readonly titles?: File };
  readonly reading: ReadLogOptions;
  readonly cleaning: CleanOptions;
}

export interface LogView {
  readonly name: string;
  readonly users: number;
  readonly items: number;
  readonly interactions: number;
  readonly facts: readonly Markup[];
  readonly plots: readonly Markup[];
}

export interface TrainOrder {
  readonly model: string;
  /** What differs from the model's defaults. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly train: Partial<TrainConfig>;
  readonly split: SplitSpec;
  readonly device: 'auto' | 'cpu';
}

export interface ModelView {
  readonly model: string;
  readonly users: number;
  readonly items: number;
  readonly device: DeviceInfo | undefined;
  /** Where the weights are from: "epoch 12 of 32"; empty where there was nothing to train. */
  readonly weights: string;
  readonly test:
    | {
        readonly users: number;
        readonly split: string;
        readonly seed: number;
        readonly metrics: Readonly<Record<string, Summary>>;
        readonly popular: Readonly<Record<string, Summary>>;
      }
    | undefined;
  readonly curve: readonly Markup[];
  /** Items to begin with: popular, and different from each other. */
  readonly suggestions: readonly Named[];
  /** Whether it knows users with their histories. */
  readonly hasUsers: boolean;
}

export interface GroupsView {
  readonly body: readonly Markup[];
}

export interface RecommendView {
  readonly items: readonly RecommendedItem[];
  readonly source: 'model' | 'fallback';
  /** Of the history, as the model knows it. */
  readonly history: readonly Named[];
}

export interface VerifyView {
  readonly device: DeviceInfo;
  readonly cases: number;
  readonly right: number;
  readonly kernels: readonly { kernel: string; cases: number; share: number; ok: boolean; worst: string }[];
}

/** An error as it crosses from the worker to the page. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

export interface CallMessage {
  readonly id: number;
  readonly name: CallName;
  readonly argument: unknown;
}

export type WorkerMessage =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly failure: Failure }
  | { readonly told: Told };
