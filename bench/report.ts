import type { DeviceInfo } from '../src/backend/backend.js';
import type { Tuned } from '../src/backend/tuning.js';
import type { Ceilings } from './ceilings.js';
import type { Timing } from './harness.js';
import type { KernelFigure } from './kernels.js';
import type { Size } from './logs.js';
import type { RecommendingFigure } from './recommending.js';
import type { TrainingFigure } from './training.js';

/** Why a part has no figures: the adapter refuses the size, or the losses differ. */
export interface Refusal {
  readonly part: string;
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
}

export interface SizeFigures {
  readonly size: string;
  readonly log: Size;
  /** Of the log that was made. */
  readonly interactions: number;
  readonly batch: number;
  readonly refused: readonly Refusal[];
  readonly tuned?: Tuned;
  readonly training?: TrainingFigure;
  readonly kernels?: readonly KernelFigure[];
  readonly recommending?: RecommendingFigure;
}

export interface Report {
  readonly foldin: string;
  readonly commit: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly node: string;
    readonly platform: string;
  };
  readonly device: DeviceInfo;
  readonly label: string;
  readonly loss: string;
  readonly seed: number;
  readonly ceilings: Ceilings;
  readonly sizes: readonly SizeFigures[];
}

const ms = (t: Timing): string => `${t.median.toFixed(2)} (${t.min.toFixed(2)} to ${t.p95.toFixed(2)})`;

/** The report in words and tables. */
export function text(report: Report): string {
  const { machine, device, ceilings } = report;
  return [
    `foldin ${report.foldin} (${report.commit}) on ${device.adapter}: ${report.label}`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.platform}, node ${machine.node}; driver ${device.driver}`,
    `ceilings of this adapter, measured now: ${ceilings.gflops.toFixed(1)} GFLOP/s, ${ceilings.gbPerSec.toFixed(1)} GB/s, ${ceilings.streamsGbPerSec.toFixed(1)} GB/s of four loads and three stores in place`,
    `128-64 network, loss ${report.loss}, seed ${report.seed}; times in ms: median (min to p95)`,
    ...report.sizes.map((figures) => sizeText(figures, ceilings)),
  ].join('\n');
}

/** Of the ceiling that is nearer: arithmetic or memory. */
export const share = ({ gflops, gbPerSec }: KernelFigure, ceilings: Ceilings): number =>
  Math.max(gflops / ceilings.gflops, gbPerSec / ceilings.gbPerSec);

function sizeText(figures: SizeFigures, ceilings: Ceilings): string {
  const { size, log, interactions, batch, refused, tuned, training, kernels, recommending } = figures;
  return [
    '',
    `== ${size}: ${log.users} users, ${log.items} items, ${interactions} interactions; batch ${batch}`,
    ...refused.map(({ part, ...why }) => `no figures of ${part}: ${refusalText(why)}`),
    ...(tuned ? tunedText(tuned) : []),
    ...(training ? trainingText(training) : []),
    ...(recommending ? [recommendingText(recommending)] : []),
    ...(kernels ? kernelsText(kernels, ceilings) : []),
  ].join('\n');
}

/** The way each product is computed, and what the ways took. */
function tunedText({ tuning, from, times, ms: took }: Tuned): string[] {
  const ways = Object.entries(tuning) as [keyof Tuned['times'], string][];
  const chosen = `products: ${ways.map(([product, way]) => `${product} ${way}`).join(', ')}`;
  if (from !== 'measurement') return [chosen];
  return [
    `${chosen}; timed in ${took.toFixed(0)} ms:`,
    ...ways.map(([product]) => {
      const all = Object.entries(times[product]).map(([way, time]) => `${way} ${time.toFixed(2)}`);
      return `  ${product}  ${all.join(', ')}`;
    }),
  ];
}

function refusalText({ code, message, remedy }: Omit<Refusal, 'part'>): string {
  // The remedy is the library's to a user; who reads a benchmark wants to know what foldin itself lacks.
  const missing =
    code === 'LIMIT_EXCEEDED' ? 'foldin does not split items into blocks yet: one tensor, one binding. ' : '';
  return `${code}: ${message}. ${missing}${remedy ?? ''}`.trimEnd();
}

function trainingText({ perStep, ...training }: TrainingFigure): string[] {
  const { lossesCompared, lossDifference, gpuStepMs, cpuStepMs, ratio, batch } = training;
  return [
    `losses of ${lossesCompared} epochs agree within ${lossDifference.toExponential(1)} (checked before timing)`,
    `training, one step of ${batch} users:`,
    `  WebGPU         ${ms(gpuStepMs)}`,
    `  CPU reference  ${ms(cpuStepMs)}, ${ratio.toFixed(1)} times as long`,
    `  a step takes ${perStep.dispatches.toFixed(1)} dispatches, ${perStep.submits.toFixed(2)} submits, ` +
      `${perStep.hostMicroseconds.toFixed(0)} us of the host (${(100 * perStep.hostShare).toFixed(1)}%), ` +
      `${perStep.hostMicrosecondsWithWorker.toFixed(0)} us with a worker that plans, ` +
      `${perStep.uploadedBytes.toFixed(0)} bytes uploaded; ` +
      `makes ${perStep.buffersMade.toFixed(2)} buffers and ${perStep.bindGroupsMade.toFixed(2)} bind groups`,
  ];
}

const recommendingText = ({ k, users, usersPerSec, oneMs }: RecommendingFigure): string =>
  `top-${k} lists: ${usersPerSec.toFixed(0)} users/s over ${users} users; one user ${ms(oneMs)} ms`;

function kernelsText(kernels: readonly KernelFigure[], ceilings: Ceilings): string[] {
  return [
    'kernel             ms: median (min to p95)       GFLOP/s     GB/s  of the ceiling',
    ...kernels.map((figure) => {
      const { kernel, ms: time, gflops, gbPerSec } = figure;
      const percent = (100 * share(figure, ceilings)).toFixed(0);
      return `${kernel.padEnd(17)}  ${ms(time).padEnd(26)}  ${gflops.toFixed(2).padStart(7)}  ${gbPerSec.toFixed(2).padStart(7)}  ${percent.padStart(12)}%`;
    }),
  ];
}
