/** How each kind of dense product is computed, by the backend's own names. JSON; rounding depends on it. */
export interface Tuning {
  /** And what else reads both operands as they lie. */
  readonly matmulNN: string;
  /** Also matmulNTActivation. */
  readonly matmulNT: string;
  readonly matmulTN: string;
}

/** off: what does well everywhere; quick: timed in a fraction of a second; full: timed until it is sure. */
export type TuneMode = 'off' | 'quick' | 'full';

/** A layer of a network whose products are to be tuned: `batch` rows of `inputs` numbers in, `outputs` out. */
export interface DenseShape {
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** Keeps what was measured: strings by strings. It may forget, and must not throw. */
export interface TuneCache {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
}

export interface TuneRequest {
  readonly mode: TuneMode;
  readonly layers: readonly DenseShape[];
  readonly cache?: TuneCache;
  /** Is told of a cache whose answer is of no use. */
  readonly onNotice?: (message: string) => void;
}

export interface Tuned {
  readonly tuning: Tuning;
  readonly from: 'default' | 'cache' | 'measurement';
  /** Median ms of all layers by product and way; empty unless measured. A way that is far behind is not timed to the end. */
  readonly times: Readonly<Record<keyof Tuning, Readonly<Record<string, number>>>>;
  readonly ms: number;
}
