import type { PlanThreadModule } from './planThread.js';

export const startPlanThread: PlanThreadModule['startPlanThread'] = ({ onWindow, onFailure }) => {
  // A file of its own and no blob: pages whose policy allows scripts of their own origin only allow it, too.
  // Bundlers know this form of words and bring the file along.
  const worker = new Worker(new URL('./planWorker.browser.js', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }) => onWindow(data);
  worker.onmessageerror = onFailure;
  worker.onerror = (event) => {
    event.preventDefault();
    onFailure(event);
  };
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    keepAlive: () => {},
    end: () => worker.terminate(),
  };
};
