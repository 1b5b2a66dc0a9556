/** What a child answers with. */
export interface Served {
  readonly version: string;
  /** The adapter's description, or the kind of CPU code. */
  readonly adapter: string;
  /** Of foldin's own side. */
  readonly kind?: 'gpu' | 'software' | 'cpu';
  /** Trains one epoch and returns its loss. */
  epoch(): Promise<number>;
  /** i32 or u32[users * k]: everybody's best unseen items. */
  lists(): Promise<Int32Array | Uint32Array>;
}

/** Answers the parent's questions until told to end; `open` starts the work. */
export function serve(open: () => Promise<Served>): Promise<void>;
