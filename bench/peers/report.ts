import type { SideFigures } from './compare.js';
import type { Job } from './job.js';

export interface PeersReport {
  readonly foldin: string;
  readonly label: string;
  readonly commit: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly job: Job;
  readonly rounds: number;
  /** foldin first. */
  readonly figures: readonly SideFigures[];
  /** Why a side took no part. */
  readonly skipped: Readonly<Record<string, string>>;
}

/** The report in words and a table; ratios are of medians, foldin's time in the denominator. */
export function peersText({
  foldin,
  label,
  commit,
  machine,
  job,
  rounds,
  figures,
  skipped,
}: PeersReport): string {
  const [ours] = figures;
  return [
    `foldin ${foldin} (${commit}) beside others on ${machine.cpu}, ${machine.cores} cores, node ${machine.node}: ${label}`,
    `${job.size}: ${job.users} users, ${job.items} items, ${job.interactions} interactions; ${job.hidden.join('-')} relu, ` +
      `multinomial, Adam, batch ${job.batch}; ${rounds} rounds in turn; medians (min to max)`,
    '',
    'side         epoch, s (min to max)     ratio  CPU s  first, s  top-20 users/s  ratio  peak MB  ratio',
    ...figures.map((side) => row(side, ours)),
    '',
    ...figures.map(agreement),
    ...figures.filter(({ adapter, name }) => /webgpu/.test(name) && adapter !== ours.adapter).map(elsewhere),
    ...Object.entries(skipped).map(([name, why]) => `${name}: skipped (${why})`),
  ].join('\n');
}

const elsewhere = ({ name }: SideFigures): string =>
  `${name} ran on another adapter than foldin: its ratio says nothing`;

const agreement = ({ name, version, adapter, learned }: SideFigures): string =>
  `${name} ${version} on ${adapter}` +
  (learned
    ? `: loss within ${learned.lossDifference.toExponential(1)} of foldin's, ` +
      `${(100 * learned.listOverlap).toFixed(2)}% of its lists' items in foldin's`
    : '');

function row({ name, times, refused }: SideFigures, ours: SideFigures): string {
  if (!times || !ours.times) return `${name.padEnd(11)}  no times: ${refused}`;
  const { epochMs, epochCpuMs, firstEpochMs, usersPerSec, peakBytes } = times;
  const s = (ms: number) => (ms / 1000).toFixed(2);
  return [
    name.padEnd(11),
    `${s(epochMs.median)} (${s(epochMs.min)} to ${s(epochMs.p95)})`.padEnd(22),
    (epochMs.median / ours.times.epochMs.median).toFixed(2).padStart(7),
    s(epochCpuMs.median).padStart(5),
    s(firstEpochMs).padStart(8),
    usersPerSec.toFixed(0).padStart(14),
    (ours.times.usersPerSec / usersPerSec).toFixed(2).padStart(5),
    (peakBytes / 2 ** 20).toFixed(0).padStart(7),
    (peakBytes / ours.times.peakBytes).toFixed(2).padStart(5),
  ].join('  ');
}
