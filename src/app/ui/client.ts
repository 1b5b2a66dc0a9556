import type { Answer, CallMessage, CallName, Calls, Failure, Told, WorkerMessage } from '../protocol.js';

/** What a call failed with. */
export class CallFailure extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: CallFailure): void;
}

/** The page's side of the worker: one promise a call. */
export class Client {
  readonly #waiting = new Map<number, Waiting>();
  readonly #worker = startWorker();
  #next = 0;

  constructor(onTold: (told: Told) => void) {
    this.#worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
      if ('told' in data) {
        onTold(data.told);
        return;
      }
      const waiting = this.#waiting.get(data.id)!;
      this.#waiting.delete(data.id);
      if ('failure' in data) waiting.reject(new CallFailure(data.failure));
      else waiting.resolve(data.answer);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const failure = new CallFailure({
        code: 'WORKER_FAILED',
        message: `the page's worker broke: ${event.message || 'worker.js could not be loaded'}`,
        remedy: 'Load the page again.',
      });
      for (const { reject } of this.#waiting.values()) reject(failure);
      this.#waiting.clear();
    };
  }

  call<Name extends CallName>(name: Name, ...[argument]: Parameters<Calls[Name]>): Promise<Answer<Name>> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject });
      this.#worker.postMessage({ id, name, argument } satisfies CallMessage);
    });
  }
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): URL };
}

/** The worker's file lies beside this one. The page trusts no other script, and no text as markup at all. */
function startWorker(): Worker {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const rules = { createScriptURL: () => new URL('./worker.js', import.meta.url).href };
  const url = trustedTypes?.createPolicy('foldin', rules).createScriptURL('') ?? rules.createScriptURL();
  return new Worker(url, { type: 'module' });
}
