/** The page's worker: everything that computes. It serves the calls of protocol.ts from one session. */
import { FoldinError } from '../errors.js';
import type { CallMessage, Failure, WorkerMessage } from './protocol.js';
import { type Served, Session } from './worker/session.js';

const post = (message: WorkerMessage): void => self.postMessage(message);
const session: Served = new Session((told) => post({ told }));

self.onmessage = async ({ data }: MessageEvent<CallMessage>) => {
  const { id, name, argument } = data;
  try {
    // The page's side of the same protocol has typed it.
    const call = session[name].bind(session) as (argument: unknown) => unknown;
    post({ id, answer: await call(argument) });
  } catch (error) {
    post({ id, failure: failureOf(error) });
  }
};

function failureOf(error: unknown): Failure {
  if (error instanceof FoldinError) return error.toJSON();
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'BUG',
    message: `foldin failed in a way it should not: ${message}`,
    remedy: 'This is a bug. Please report it with what you did.',
  };
}
