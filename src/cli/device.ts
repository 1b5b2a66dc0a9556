import { type Command, Option } from 'commander';
import type { Backend } from '../backend/backend.js';
import { type BackendOptions, createBackend } from '../createBackend.js';
import type { Output } from './output.js';

export interface DeviceFlags {
  readonly device: NonNullable<BackendOptions['device']>;
  readonly adapter?: string;
  readonly unsafeNoRobustness?: boolean;
}

export const defineDevice = (command: Command): Command =>
  command
    .addOption(
      new Option('--device <kind>', 'auto: hardware GPU, else software adapter, else CPU')
        .choices(['auto', 'gpu', 'software', 'cpu'])
        .default('auto'),
    )
    .option('--adapter <name>', 'part of an adapter\'s name, see "foldin info" (default: $FOLDIN_ADAPTER)')
    .option('--unsafe-no-robustness', 'leave out the bounds checks of kernels: faster, and not safe');

/** The adapter asked for; the environment's is no order to a command that asks for the CPU. */
export const adapterOf = ({ device, adapter }: DeviceFlags): string | undefined =>
  adapter ?? ((device !== 'cpu' && process.env['FOLDIN_ADAPTER']) || undefined);

/** The backend asked for; steps down are said on stderr, whatever --quiet says. */
const openBackend = (flags: DeviceFlags, out: Output): Promise<Backend> =>
  createBackend({
    device: flags.device,
    adapter: adapterOf(flags),
    unsafeNoRobustness: flags.unsafeNoRobustness,
    onNotice: ({ message }) => out.warn(message),
  });

/** "NAME (hardware)" */
export function deviceText({ kind, adapter }: Backend['device']): string {
  return kind === 'cpu' ? adapter : `${adapter} (${kind === 'gpu' ? 'hardware GPU' : 'software adapter'})`;
}

/** Runs `work` on the backend asked for and frees it, whatever happens. */
export async function withBackend<T>(
  flags: DeviceFlags,
  out: Output,
  work: (backend: Backend) => Promise<T>,
): Promise<T> {
  const backend = await openBackend(flags, out);
  try {
    return await work(backend);
  } finally {
    backend.dispose();
  }
}
