import { FoldinError, throwIfAborted } from '../errors.js';
import type { Verification } from '../recommend/provenance.js';
import { byKernel, type KernelResult, shareOfAllowed } from '../verify/byKernel.js';
import { type CaseResult, compareCase, kernelCases } from '../verify/cases.js';
import { VERSION } from '../version.js';
import type { CommandSpec, Context, SharedOptions } from './command.js';
import { type DeviceFlags, defineDevice, deviceText, withBackend } from './device.js';
import { Progress } from './progress.js';
import { duration, table } from './table.js';
import { writeVerification } from './verified.js';

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

function tableOf(
  kernels: readonly KernelResult[],
  paint: { bold: (text: string) => string; red: (text: string) => string },
): string {
  const rows = kernels.map(({ kernel, cases, worst, ok }) => [
    kernel,
    String(cases),
    shareOfAllowed(worst) === 0 ? '0' : shareOfAllowed(worst).toPrecision(2),
    ok ? 'ok' : 'WRONG',
    shareOfAllowed(worst) === 0 ? '' : worst.name,
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
