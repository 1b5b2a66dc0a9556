/** Every code an error of foldin can carry, with what it means. The README lists them. */
export const ERROR_CODES = {
  NO_WEBGPU: 'this runtime has no WebGPU',
  NO_ADAPTER: 'no adapter of the kind asked for',
  NULL_ADAPTER: 'the adapter computes nothing',
  DEVICE_LOST: 'the GPU device was lost',
  OUT_OF_MEMORY: 'the device or the host has too little memory',
  LIMIT_EXCEEDED: 'a size is beyond a limit of the adapter',
  SHADER_INVALID: 'the driver refused a kernel',
  GPU_ERROR: 'the driver reported an error',
  SHAPE_MISMATCH: 'a tensor has the wrong shape or type',
  FREED: 'a tensor or a backend is used after it was freed',
  FILE_MISSING: 'a file cannot be read',
  FILE_WRITE: 'a file cannot be written',
  LOG_FORMAT: 'a log cannot be understood',
  LOG_EMPTY: 'a log holds no usable row',
  DATABASE: 'a database refuses',
  ENGINE_MISSING: 'an optional package is not installed',
  COLUMN_MISSING: 'a log lacks a column',
  SPLIT_EMPTY: 'a split leaves nobody to train on or to evaluate',
  LEAKAGE: 'what is to be evaluated is seen in training or in the history',
  UNKNOWN_ID: 'a user or item the model has never seen',
  NO_HISTORY: 'the model file holds no histories',
  WORKER_FAILED: 'a worker thread cannot be started or broke',
  DIVERGED: 'a number became infinite or undefined',
  MODEL_FORMAT: 'a file is not a foldin model',
  MODEL_VERSION: 'a model file is of another version',
  MODEL_CORRUPT: 'a model file is damaged',
  REPHRASE_FAILED: 'a language model did not put a sentence into its words',
  VECTORS_FORMAT: 'a file of item vectors cannot be used',
  EMBED_FAILED: 'a server did not give vectors of texts',
  CONFIG: 'an option has an impossible value',
  USAGE: 'a command is used wrongly',
  ABORTED: 'the work was stopped',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface FoldinErrorInit {
  /** What the reader can do about it; a full sentence. */
  remedy: string;
  cause?: unknown;
  /** Machine-readable particulars: file, line, expected, got, ... */
  details?: Record<string, unknown>;
}

/** The one error class: a code, what happened (got and expected), and what to do about it. */
export class FoldinError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string;
  readonly details: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, init: FoldinErrorInit) {
    super(message, { cause: init.cause });
    this.name = 'FoldinError';
    this.code = code;
    this.remedy = init.remedy;
    this.details = init.details ?? {};
  }

  toJSON(): { code: ErrorCode; message: string; remedy: string } {
    return { code: this.code, message: this.message, remedy: this.remedy };
  }
}

/** Throws ABORTED when the signal has been raised. `remedy` says how to go on. */
export function throwIfAborted(
  signal: AbortSignal | undefined,
  remedy = 'Start the work again when ready.',
): void {
  if (signal?.aborted) {
    throw new FoldinError('ABORTED', 'the work was stopped before it ended', {
      remedy,
      cause: signal.reason,
    });
  }
}
