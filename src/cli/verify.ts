import { FoldinError, throwIfAborted } from '../errors.js';
import { type CaseResult, compareCase, kernelCases } from '../verify/cases.js';
import { VERSION } from '../version.js';
import type { CommandSpec, Context, SharedOptions } from './command.js';
import { type DeviceFlags, defineDevice, deviceText, withBackend } from './device.js';
import { Progress } from './progress.js';
import { duration, table } from './table.js';
import { type Verification, writeVerification } from './verified.js';

type Flags = SharedOptions & DeviceFlags;

export const command: CommandSpec = {
  name: 'verify',
  summary: 'Runs every kernel on this adapter and compares every number with the reference in 64 bits.',
  examples: ['foldin verify', 'foldin verify --device software'],
  notes: `An error is shown as a share of what is allowed: below 1 is right. The result is kept for this adapter and
driver, and stamped into the models that are trained on it. Exit code 1 if a kernel is wrong.`,
  define: (command) => void defineDevice(command),
  run,
};

interface KernelResult {
  readonly kernel: string;
  readonly cases: number;
  /** The case that came nearest to its bound, or went furthest beyond it. */
  readonly worst: CaseResult;
  readonly ok: boolean;
}

/** Share of the allowed error; 0 where the numbers are equal. */
const ratio = ({ worst, allowed }: CaseResult): number =>
  worst === 0 ? 0 : allowed > 0 ? worst / allowed : Number.POSITIVE_INFINITY;

async function run({ out, options, signal }: Context<Flags>): Promise<void> {
  await withBackend(options, out, async (backend) => {
    const started = performance.now();
    const progress = new Progress(out);
    const results: CaseResult[] = [];
    try {
      for (const test of kernelCases) {
        throwIfAborted(signal);
        results.push(await compareCase(test, backend));
        progress.update(results.length / kernelCases.length, `${test.kernel}: ${test.name}`);
        // The reference never waits: without this, Ctrl-C would have to.
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      progress.end();
    }
    const kernels = byKernel(results);
    const failed = results.filter(({ ok }) => !ok);
    const { adapter, driver, kind } = backend.device;
    const verification: Verification = {
      adapter,
      driver,
      passed: failed.length === 0,
      cases: results.length,
      foldin: VERSION,
    };
    await writeVerification(verification).catch((error: Error) =>
      out.warn(`the result is not kept: ${error.message}`),
    );
    if (out.isJson) {
      out.json({
        ...verification,
        kind,
        kernels: kernels.map(({ kernel, cases, worst, ok }) => ({
          kernel,
          cases,
          worst: { case: worst.name, error: worst.worst, allowed: worst.allowed },
          ok,
        })),
      });
    } else {
      out.data(tableOf(kernels, out.paint));
      out.data(
        `\n${results.length - failed.length} of ${results.length} cases right on ${deviceText(backend.device)}, ${duration(performance.now() - started)}`,
      );
    }
    if (failed.length > 0) throw wrong(failed, adapter);
  });
}

function byKernel(results: readonly CaseResult[]): KernelResult[] {
  const groups = new Map<string, CaseResult[]>();
  for (const result of results) groups.set(result.kernel, [...(groups.get(result.kernel) ?? []), result]);
  return [...groups].map(([kernel, all]) => ({
    kernel,
    cases: all.length,
    worst: all.reduce((worst, next) => (ratio(next) > ratio(worst) || (!next.ok && worst.ok) ? next : worst)),
    ok: all.every(({ ok }) => ok),
  }));
}

function tableOf(
  kernels: readonly KernelResult[],
  paint: { bold: (text: string) => string; red: (text: string) => string },
): string {
  const rows = kernels.map(({ kernel, cases, worst, ok }) => [
    kernel,
    String(cases),
    ratio(worst) === 0 ? '0' : ratio(worst).toPrecision(2),
    ok ? 'ok' : 'WRONG',
    ratio(worst) === 0 ? '' : worst.name,
  ]);
  return table([['kernel', 'cases', 'error/allowed', '', 'worst case'], ...rows], 'lrrll', (line, row) =>
    row === 0 ? paint.bold(line) : kernels[row - 1].ok ? line : paint.red(line),
  );
}

function wrong(failed: readonly CaseResult[], adapter: string): FoldinError {
  const [{ kernel, name, output, index, worst, allowed }] = failed;
  return new FoldinError(
    'GPU_ERROR',
    `${failed.length} kernel cases are wrong on ${adapter}; first ${kernel} (${name}): ${output}[${index}] is off by ${worst}, allowed ${allowed}`,
    {
      remedy: 'Update the driver, choose another adapter (foldin info), or use --device cpu.',
      details: { failed: failed.map((one) => `${one.kernel}: ${one.name}`) },
    },
  );
}
