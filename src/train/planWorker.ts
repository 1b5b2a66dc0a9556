import type { ColumnMemory } from './batches.js';
import { columnMemory, Plan, type PlannedWindow, type PlanSpec } from './plan.js';

/** What the worker is sent: first the spec, then requests, which it answers in order, each with a PlannedWindow. */
export type PlanMessage = { readonly spec: PlanSpec } | WindowRequest;

export interface WindowRequest {
  readonly epoch: number;
  readonly index: number;
  /** Memory to use again; new memory is made where absent. Either way it goes to the caller with the window. */
  readonly memory: ColumnMemory | undefined;
}

/** The buffers that go from thread to thread with these arrays instead of being copied. */
export const buffersOf = ({ starts, entries }: ColumnMemory): ArrayBuffer[] => [
  starts.buffer as ArrayBuffer,
  entries.buffer as ArrayBuffer,
];

/** The worker's side, without what differs between Node and a page. */
export function planServer(
  reply: (window: PlannedWindow, transfer: ArrayBuffer[]) => void,
): (message: PlanMessage) => void {
  let spec: PlanSpec;
  let plan: Plan;
  return (message) => {
    if ('spec' in message) {
      spec = message.spec;
      plan = new Plan(spec);
      return;
    }
    const window = plan.window(message.epoch, message.index, message.memory ?? columnMemory(spec.capacity));
    reply(window, buffersOf(window));
  };
}
