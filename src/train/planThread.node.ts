import { Worker } from 'node:worker_threads';
import type { PlanThreadModule } from './planThread.js';

export const startPlanThread: PlanThreadModule['startPlanThread'] = ({ onWindow, onFailure }) => {
  // Flags of the process such as --input-type or --import are not meant for the worker, and some break it.
  const worker = new Worker(new URL('./planWorker.node.js', import.meta.url), { execArgv: [] });
  worker.on('message', onWindow);
  worker.on('messageerror', onFailure);
  worker.on('error', onFailure);
  worker.on('exit', (code) => onFailure(new Error(`it ended with exit code ${code}`)));
  worker.unref();
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    keepAlive: (needed) => (needed ? worker.ref() : worker.unref()),
    end: () => void worker.terminate(),
  };
};
