/** Something the person should know, such as a step down to a slower device. */
export interface Notice {
  readonly event: 'notice';
  readonly code: string;
  readonly message: string;
}

/** One epoch of training has ended. */
export interface EpochEvent {
  readonly event: 'epoch';
  /** Counts from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Mean loss over the epoch's steps, L2 included, in the units of the loss. */
  readonly loss: number;
  /** Metrics on the validation users, by name; absent in epochs that are not validated. */
  readonly validation?: Readonly<Record<string, number>>;
  /** Whether this is the best epoch so far. */
  readonly best: boolean;
  readonly ms: number;
  readonly examplesPerSec: number;
}

/** Part of an epoch is done. */
export interface StepEvent {
  readonly event: 'step';
  readonly epoch: number;
  readonly epochs: number;
  /** Steps handed to the device in this epoch, and how many it has. */
  readonly step: number;
  readonly steps: number;
}

/** How the products of the training that now begins are computed. */
export interface TunedEvent {
  readonly event: 'tuned';
  /** Names of the backend's, by product. */
  readonly tuning: Readonly<Record<string, string>>;
  readonly from: 'cache' | 'measurement' | 'checkpoint';
  readonly ms: number;
}

/** The next member of a blend begins. */
export interface MemberEvent {
  readonly event: 'member';
  readonly model: string;
  /** Counts from 1. */
  readonly member: number;
  readonly members: number;
}

export type TrainEvent = Notice | TunedEvent | EpochEvent | StepEvent | MemberEvent;
