import { startPlanThread } from '#planThread';
import { FoldinError } from '../errors.js';
import type { ColumnMemory } from './batches.js';
import type { PlannedWindow, Planner, PlanSpec } from './plan.js';
import type { PlanThread, PlanThreadModule } from './planThread.js';
import { buffersOf } from './planWorker.js';

/** A window that was asked for. */
interface Ahead {
  readonly epoch: number;
  readonly index: number;
  readonly window: Promise<PlannedWindow>;
  readonly resolve: (window: PlannedWindow) => void;
  readonly reject: (error: FoldinError) => void;
}

/**
 * Plans on a worker thread, one window ahead: when a window is handed out, the next one (after the last, the next
 * epoch's first) is asked for, and is made while the caller works. Columns go from thread to thread without a copy,
 * in two sets of memory that are used in turn; histories and values are copied to the worker once. The thread is
 * started by the first call. WORKER_FAILED, then and ever after, when it cannot be had or breaks; FREED after
 * `dispose`.
 */
export class WorkerPlanner implements Planner {
  #thread: PlanThread | undefined;
  #ahead: Ahead | undefined;
  /** What the caller has. */
  #lent: PlannedWindow | undefined;
  /** Memory that nobody has. */
  readonly #free: ColumnMemory[] = [];
  #failure: FoldinError | undefined;

  constructor(
    private readonly spec: PlanSpec,
    private readonly start: PlanThreadModule['startPlanThread'] = startPlanThread,
  ) {}

  async window(epoch: number, index: number): Promise<PlannedWindow> {
    this.#thread ??= this.#open();
    if (this.#lent) this.#takeBack(this.#lent);
    this.#lent = undefined;
    // Another window than was to be expected, for instance of the epoch that a checkpoint goes on with.
    const ahead = this.#ahead;
    if (ahead && (ahead.epoch !== epoch || ahead.index !== index)) this.#takeBack(await this.#arrival(ahead));
    const window = await this.#arrival(this.#ahead ?? this.#ask(epoch, index));
    this.#lent = window;
    if (window.last) this.#ask(epoch + 1, 0);
    else this.#ask(epoch, index + 1);
    return window;
  }

  #open(): PlanThread {
    if (this.#failure) throw this.#failure;
    try {
      this.#thread = this.start({
        onWindow: (window) => this.#ahead?.resolve(window),
        onFailure: (cause) => this.#fail(failed(cause)),
      });
      const { values: _, ...histories } = this.spec.histories;
      this.#thread.post({ spec: { ...this.spec, histories } }, []);
      return this.#thread;
    } catch (cause) {
      this.#fail(failed(cause));
      throw this.#failure;
    }
  }

  #ask(epoch: number, index: number): Ahead {
    let settle!: Pick<Ahead, 'resolve' | 'reject'>;
    const window = new Promise<PlannedWindow>((resolve, reject) => {
      settle = { resolve, reject };
    });
    // A failure is thrown to whoever asks for the window, not to a process in which nobody has asked yet.
    window.catch(() => {});
    this.#ahead = { epoch, index, window, ...settle };
    if (this.#failure) settle.reject(this.#failure);
    const memory = this.#free.pop();
    this.#thread?.post({ epoch, index, memory }, memory ? buffersOf(memory) : []);
    return this.#ahead;
  }

  /** Waits for a window; a process that has nothing else to do waits as well. */
  async #arrival({ window }: Ahead): Promise<PlannedWindow> {
    this.#thread?.keepAlive(true);
    try {
      return await window;
    } finally {
      this.#thread?.keepAlive(false);
      this.#ahead = undefined;
    }
  }

  #takeBack({ starts, entries }: PlannedWindow): void {
    this.#free.push({ starts: new Uint32Array(starts.buffer), entries: new Uint32Array(entries.buffer) });
  }

  #fail(error: FoldinError): void {
    this.#failure ??= error;
    this.#thread?.end();
    this.#thread = undefined;
    this.#ahead?.reject(this.#failure);
  }

  dispose(): void {
    this.#fail(
      new FoldinError('FREED', 'a batch was asked for after the training was disposed of', {
        remedy: 'Dispose of a trainer when its run has ended, and make a new one to go on.',
      }),
    );
    this.#free.length = 0;
  }
}

function failed(cause: unknown): FoldinError {
  // Of a file that cannot be loaded browsers tell nothing, not even its name.
  const { message } = cause as Partial<Error>;
  return new FoldinError('WORKER_FAILED', `planning failed: ${message || 'the worker could not be loaded'}`, {
    remedy:
      'See that planWorker.node.js or planWorker.browser.js lies beside the file that foldin runs from, or plan without a worker: planner "inline" (--planner inline).',
    cause,
  });
}
