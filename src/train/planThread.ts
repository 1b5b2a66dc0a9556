import type { PlannedWindow } from './plan.js';
import type { PlanMessage } from './planWorker.js';

/** What `#planThread` offers; one file for Node (planThread.node.ts), one for pages (planThread.browser.ts). */
export interface PlanThreadModule {
  /** Starts planWorker on a thread of its own. Throws, or calls `onFailure`, when it cannot be had. */
  startPlanThread(events: PlanThreadEvents): PlanThread;
}

export interface PlanThreadEvents {
  onWindow(window: PlannedWindow): void;
  /** The thread is gone, and why: an Error, or an Event of the browser. */
  onFailure(cause: unknown): void;
}

export interface PlanThread {
  post(message: PlanMessage, transfer: ArrayBuffer[]): void;
  /** Whether the process is to stay alive for the thread; without meaning in a page. */
  keepAlive(needed: boolean): void;
  end(): void;
}
