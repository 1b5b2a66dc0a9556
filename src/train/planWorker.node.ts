import { parentPort } from 'node:worker_threads';
import { planServer } from './planWorker.js';

parentPort!.on(
  'message',
  planServer((window, transfer) => parentPort!.postMessage(window, transfer)),
);
