import { type Timing, timing } from '../harness.js';
import type { Job } from './job.js';
import type { EpochAnswer, ListsAnswer, Side } from './side.js';

/** Epochs whose losses are compared, and which warm every side up, before anything is timed. */
export const COMPARED = 2;
/** Relative, between sides that add f32 numbers in different orders. */
const LOSS_BOUND = 2e-5;
/** Least share of common items: near ties may fall differently after the same training. */
const LEAST_OVERLAP = 0.99;

/** What is compared: a Side, or in tests anything that answers as one. */
export type Comparable = Pick<Side, 'name' | 'version' | 'adapter' | 'epoch' | 'lists' | 'end'>;

export interface SideFigures {
  readonly name: string;
  readonly version: string;
  readonly adapter: string;
  /** Why there are no times. */
  readonly refused?: string;
  readonly learned?: {
    /** Largest relative difference from foldin's losses, over the compared epochs. */
    readonly lossDifference: number;
    /** Share of its top lists' items that foldin's lists of the same users have, too. */
    readonly listOverlap: number;
  };
  readonly times?: SideTimes;
}

export interface SideTimes {
  readonly firstEpochMs: number;
  readonly epochMs: Timing;
  /** Of all threads: steadier than the time on a machine that others use. */
  readonly epochCpuMs: Timing;
  readonly listsMs: Timing;
  readonly usersPerSec: number;
  /** The most memory its process has had, training and ranking. */
  readonly peakBytes: number;
}

interface Learned {
  readonly losses: readonly number[];
  readonly firstEpochMs: number;
  readonly items: readonly number[];
}

/**
 * The same epochs on all sides: first losses and lists are compared, then those that agree with the first side are
 * timed in turn. Ends the sides.
 */
export async function compareSides(
  [first, ...others]: readonly Comparable[],
  job: Pick<Job, 'users' | 'k'>,
  rounds: number,
  progress: (line: string) => void,
): Promise<SideFigures[]> {
  progress(`${first.name}: ${COMPARED} epochs to compare ...`);
  const ours = await learn(first);
  const checked: { side: Comparable; found?: Learned; figures: SideFigures }[] = [];
  for (const side of [first, ...others]) {
    const { name, version, adapter } = side;
    try {
      if (side !== first) progress(`${name}: ${COMPARED} epochs to compare ...`);
      const found = side === first ? ours : await learn(side);
      checked.push({ side, found, figures: { name, version, adapter, ...check(found, ours, job.k) } });
    } catch (error) {
      checked.push({ side, figures: { name, version, adapter, refused: (error as Error).message } });
    }
  }
  const timed = checked.filter(({ figures }) => !figures.refused).map(({ side }) => side);
  const epochs = new Map(timed.map((side) => [side, [] as EpochAnswer[]]));
  const lists = new Map(timed.map((side) => [side, [] as ListsAnswer[]]));
  for (let round = 0; round < rounds; round++) {
    progress(`round ${round + 1} of ${rounds} ...`);
    for (const side of timed) epochs.get(side)!.push(await side.epoch());
    for (const side of timed) lists.get(side)!.push(await side.lists());
  }
  const all: SideFigures[] = [];
  for (const { side, found, figures } of checked) {
    if (figures.refused || !found) {
      all.push(figures);
      continue;
    }
    const listsMs = timing(lists.get(side)!.map(({ ms }) => ms));
    const times = {
      firstEpochMs: found.firstEpochMs,
      epochMs: timing(epochs.get(side)!.map(({ ms }) => ms)),
      epochCpuMs: timing(epochs.get(side)!.map(({ cpuMs }) => cpuMs)),
      listsMs,
      usersPerSec: (1000 * job.users) / listsMs.median,
      peakBytes: await side.end(),
    };
    all.push({ ...figures, times });
  }
  return all;
}

async function learn(side: Comparable): Promise<Learned> {
  const answers: EpochAnswer[] = [];
  for (let epoch = 0; epoch < COMPARED; epoch++) answers.push(await side.epoch());
  const { items } = await side.lists();
  return { losses: answers.map(({ loss }) => loss), firstEpochMs: answers[0].ms, items };
}

function check(found: Learned, ours: Learned, k: number): Pick<SideFigures, 'learned' | 'refused'> {
  const differences = found.losses.map((loss, i) => Math.abs(loss / ours.losses[i] - 1));
  const lossDifference = Math.max(...differences);
  const listOverlap = overlap(found.items, ours.items, k);
  const learned = { lossDifference, listOverlap };
  if (!(lossDifference <= LOSS_BOUND)) {
    return {
      learned,
      refused: `its losses ${found.losses.join(', ')} are not foldin's ${ours.losses.join(', ')}`,
    };
  }
  if (!(listOverlap >= LEAST_OVERLAP)) {
    return {
      learned,
      refused: `only ${(100 * listOverlap).toFixed(1)}% of its lists' items are in foldin's`,
    };
  }
  return { learned };
}

/** Mean share of common items of lists of k. */
export function overlap(lists: readonly number[], others: readonly number[], k: number): number {
  let common = 0;
  for (let at = 0; at < lists.length; at += k) {
    const wanted = new Set(others.slice(at, at + k));
    for (const item of lists.slice(at, at + k)) if (wanted.has(item)) common++;
  }
  return common / others.length;
}
