import { FoldinError } from '../errors.js';
import type { Tensor } from './backend.js';

/**
 * Open scopes of one backend, innermost last. A tensor that leaves an inner scope belongs to the next
 * outer one, so that nested helpers need not know whether they are nested.
 */
export class Scopes {
  readonly #open: Set<Tensor>[] = [];

  /** To be told of every new tensor. */
  made(tensor: Tensor): void {
    this.#open.at(-1)?.add(tensor);
  }

  /**
   * Runs `work` and frees every tensor made inside it but those it returns, alone or within arrays and
   * plain objects. When it throws, all are freed. CONFIG when it returns a promise: work that goes on
   * after the scope has ended would find its tensors freed.
   */
  run<T>(work: () => T): T {
    const mine = new Set<Tensor>();
    const kept = new Set<Tensor>();
    this.#open.push(mine);
    try {
      const result = work();
      if (result instanceof Promise) {
        result.catch(() => {});
        throw new FoldinError('CONFIG', 'the work of a scope returned a promise', {
          remedy: 'Give scope() a function that is not async, and read its tensors afterwards.',
        });
      }
      collect(result, kept);
      return result;
    } finally {
      this.#open.pop();
      for (const tensor of mine) {
        if (kept.has(tensor)) this.made(tensor);
        else tensor.free();
      }
    }
  }
}

function collect(value: unknown, into: Set<Tensor>): void {
  if (typeof value !== 'object' || value === null) return;
  if (isTensor(value)) into.add(value);
  else if (Array.isArray(value)) for (const item of value) collect(item, into);
  else if (isPlain(value)) for (const item of Object.values(value)) collect(item, into);
}

const isTensor = (value: object): value is Tensor => 'dtype' in value && 'shape' in value && 'free' in value;

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
