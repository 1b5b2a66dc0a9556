import { planServer } from './planWorker.js';

const serve = planServer((window, transfer) => self.postMessage(window, { transfer }));
self.onmessage = ({ data }) => serve(data);
