import { type Command, Option } from 'commander';
import type { Backend } from '../backend/backend.js';
import type { Csr } from '../data/csr.js';
import { type PlannerKind, plannerFor } from '../train/planner.js';

export interface PlannerFlags {
  readonly planner?: PlannerKind;
}

export const definePlanner = (command: Command): Command =>
  command.addOption(
    new Option(
      '--planner <where>',
      'where batches are laid out; the result is the same (default: worker for long logs on an adapter)',
    ).choices(['inline', 'worker']),
  );

/** The planner asked for, else the one that suits the device and the log. */
export const plannerOf = ({ planner }: PlannerFlags, backend: Backend, histories: Csr): PlannerKind =>
  planner ?? plannerFor(backend, histories);
