import type { DeviceInfo } from '../src/backend/backend.js';
import type { Ceilings } from './ceilings.js';
import type { Timing } from './harness.js';
import type { KernelFigure } from './kernels.js';
import type { Size } from './logs.js';
import type { RecommendingFigure } from './recommending.js';
import type { TrainingFigure } from './training.js';

export interface SizeFigures {
  readonly size: string;
  readonly log: Size;
  /** Of the log that was made. */
  readonly interactions: number;
  /** Why there are no figures, where the adapter or the work refuses. */
  readonly refused?: { readonly code: string; readonly message: string };
  readonly training?: TrainingFigure;
  readonly kernels?: readonly KernelFigure[];
  readonly recommending?: RecommendingFigure;
}

export interface Report {
  readonly foldin: string;
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
    `foldin ${report.foldin} on ${device.adapter}: ${report.label}`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.platform}, node ${machine.node}; driver ${device.driver}`,
    `ceilings of this adapter, measured now: ${ceilings.gflops.toFixed(1)} GFLOP/s, ${ceilings.gbPerSec.toFixed(1)} GB/s`,
    `128-64 network, loss ${report.loss}, seed ${report.seed}; times in ms: median (min to p95)`,
    ...report.sizes.map((figures) => sizeText(figures, ceilings)),
  ].join('\n');
}

/** Of the ceiling that is nearer: arithmetic or memory. */
export const share = ({ gflops, gbPerSec }: KernelFigure, ceilings: Ceilings): number =>
  Math.max(gflops / ceilings.gflops, gbPerSec / ceilings.gbPerSec);

function sizeText(figures: SizeFigures, ceilings: Ceilings): string {
  const { size, log, interactions, refused, training, kernels, recommending } = figures;
  const lines = ['', `== ${size}: ${log.users} users, ${log.items} items, ${interactions} interactions`];
  if (refused) lines.push(`no figures: ${refused.code}: ${refused.message}`);
  if (training) {
    const { perStep } = training;
    lines.push(
      `losses of GPU and CPU agree within ${training.lossDifference.toExponential(1)} (checked before timing)`,
      `training, batch ${training.batch}, one step:`,
      `  WebGPU         ${ms(training.gpuStepMs)}`,
      `  CPU reference  ${ms(training.cpuStepMs)}, ${training.ratio.toFixed(1)} times as long`,
      `  a step takes ${perStep.dispatches.toFixed(1)} dispatches, ${perStep.submits.toFixed(2)} submits, ` +
        `${perStep.hostMicroseconds.toFixed(0)} us of the host, ${perStep.uploadedBytes.toFixed(0)} bytes uploaded`,
    );
  }
  if (recommending) {
    lines.push(
      `top-${recommending.k} lists: ${recommending.usersPerSec.toFixed(0)} users/s over ${recommending.users} users; ` +
        `one user ${ms(recommending.oneMs)} ms`,
    );
  }
  if (kernels) {
    lines.push('kernel             ms: median (min to p95)       GFLOP/s     GB/s  of the ceiling');
    for (const figure of kernels) {
      const { kernel, ms: time, gflops, gbPerSec } = figure;
      lines.push(
        `${kernel.padEnd(17)}  ${ms(time).padEnd(26)}  ${gflops.toFixed(2).padStart(7)}  ${gbPerSec.toFixed(2).padStart(7)}  ${(100 * share(figure, ceilings)).toFixed(0).padStart(12)}%`,
      );
    }
  }
  return lines.join('\n');
}
