import type { Backend } from '../backend/backend.js';
import { formatBytes } from '../data/formatReport.js';
import { type AdapterDetails, adapterDetails, adapterNames } from '../gpu/device.js';
import { VERSION } from '../version.js';
import type { CommandSpec, Context, SharedOptions } from './command.js';
import { adapterOf, type DeviceFlags, defineDevice, deviceText, withBackend } from './device.js';
import { count, facts } from './table.js';
import { readVerification } from './verified.js';

type Flags = SharedOptions & DeviceFlags;

export const command: CommandSpec = {
  name: 'info',
  summary: 'Lists the adapters of this machine and says what foldin will compute on.',
  examples: ['foldin info', 'foldin info --device software'],
  define: (command) => void defineDevice(command),
  run,
};

/** What foldin runs into first; --json has them all. */
const SHOWN_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupsPerDimension',
];

async function run({ out, options }: Context<Flags>): Promise<void> {
  const adapters = await adapterNames().catch(() => []);
  await withBackend(options, out, async (backend) => {
    const details = await detailsOf(backend, options);
    const verified = await readVerification(backend.device);
    const { node } = process.versions;
    const platform = `${process.platform} ${process.arch}`;
    if (out.isJson) {
      const { features = null, limits = null } = details ?? {};
      return out.json({
        foldin: VERSION,
        node,
        platform,
        adapters,
        device: { ...backend.device, features, limits },
        verified,
      });
    }
    const check = verified
      ? `${verified.passed ? 'yes' : 'NO, kernels are wrong here'} (${verified.cases} cases, foldin ${verified.foldin})`
      : 'not yet: foldin verify';
    out.data(
      facts([
        ['foldin', `${VERSION}, node ${node}, ${platform}`],
        ['adapters', adapters.length > 0 ? adapters.join('; ') : 'none that can be listed'],
        ['will use', deviceText(backend.device)],
        ['vendor', backend.device.vendor],
        ['driver', backend.device.driver],
        ['verified', check],
        ['features', details ? details.features.join(', ') || 'none' : ''],
        ...Object.entries(details?.limits ?? {})
          .filter(([name]) => SHOWN_LIMITS.includes(name))
          .map(([name, limit]): [string, string] => [
            'limit',
            `${name} ${/Size$/.test(name) && limit >= 1024 ? formatBytes(limit) : count(limit)}`,
          ]),
      ]),
    );
  });
}

/** Of the adapter behind the backend; undefined for the CPU, which has none. */
async function detailsOf({ device }: Backend, flags: DeviceFlags): Promise<AdapterDetails | undefined> {
  if (device.kind === 'cpu') return undefined;
  return (
    (await adapterDetails({ software: flags.device === 'software', name: adapterOf(flags) })) ?? undefined
  );
}
