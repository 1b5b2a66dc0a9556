// npm run bench:peers -- [--size ml1m] [--batch 256] [--rounds 3] [--sides tfjs-webgpu,jax-webgpu,...] [--json]
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { commit } from '../commit.js';
import { SIZES } from '../logs.js';
import { COMPARED, compareSides } from './compare.js';
import { serveFoldin } from './foldin.js';
import { writeJob } from './job.js';
import { peersText } from './report.js';
import { Side } from './side.js';

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: 'ml1m' },
    batch: { type: 'string', default: '256' },
    rounds: { type: 'string', default: '3' },
    sides: { type: 'string', default: 'tfjs-webgpu,jax-webgpu,tfjs-wasm,torch' },
    json: { type: 'boolean', default: false },
    /** For the process of foldin's own side: where the job is. */
    serve: { type: 'string' },
    device: { type: 'string', default: 'auto' },
  },
});

/** Bundled, this file lies in dist/tools. */
const here = fileURLToPath(new URL('../../bench/peers/', import.meta.url));
const node = process.execPath;
type Command = (folder: string) => readonly [command: string, ...args: string[]];
const script =
  (file: string, backend: string): Command =>
  (folder) => [node, join(here, file), backend, folder];
const own =
  (device: string): Command =>
  (folder) => [node, process.argv[1], '--serve', folder, '--device', device];
const PEERS: Readonly<Record<string, Command>> = {
  'foldin-cpu': own('cpu'),
  'tfjs-webgpu': script('tfjs.mjs', 'webgpu'),
  'tfjs-wasm': script('tfjs.mjs', 'wasm'),
  'jax-webgpu': script('jax.mjs', 'webgpu'),
  'jax-wasm': script('jax.mjs', 'wasm'),
  torch: (folder) => ['python3', join(here, 'torch_cpu.py'), folder],
};

function usage(message: string): never {
  const sizes = Object.keys(SIZES).join(', ');
  console.error(`${message}\nSizes: ${sizes}. Sides: ${Object.keys(PEERS).join(', ')}.`);
  process.exit(2);
}

async function main(): Promise<void> {
  const [batch, rounds] = [Number(values.batch), Number(values.rounds)];
  const names = values.sides.split(',');
  if (!Object.hasOwn(SIZES, values.size)) usage(`There is no size "${values.size}".`);
  if (!Number.isInteger(batch) || batch < 1 || batch > 65_535) usage(`The batch is ${values.batch}.`);
  if (!Number.isInteger(rounds) || rounds < 1) usage(`The rounds are ${values.rounds}.`);
  const unknown = names.find((name) => !Object.hasOwn(PEERS, name));
  if (unknown !== undefined) usage(`There is no side "${unknown}".`);

  const folder = mkdtempSync(join(tmpdir(), 'foldin-peers-'));
  const sides: Side[] = [];
  try {
    const job = writeJob(folder, { size: values.size, batch, epochs: COMPARED + rounds });
    const [command, ...args] = own('auto')(folder);
    const foldin = await Side.start('foldin', command, args);
    if (typeof foldin === 'string') throw new Error(foldin);
    sides.push(foldin);
    const skipped: Record<string, string> = {};
    for (const name of names) {
      const [peerCommand, ...peerArgs] = PEERS[name](folder);
      const side = await Side.start(name, peerCommand, peerArgs);
      if (typeof side === 'string') skipped[name] = side;
      else sides.push(side);
    }
    const progress = (line: string) => values.json || console.error(line);
    const figures = await compareSides(sides, job, rounds, progress);
    const report = {
      foldin: foldin.version,
      label:
        foldin.kind === 'gpu'
          ? 'hardware GPU'
          : foldin.kind === 'software'
            ? 'software adapter: not a GPU figure'
            : 'no WebGPU adapter: the CPU reference',
      commit: commit(),
      machine: { cpu: cpus()[0]?.model ?? 'unknown processor', cores: cpus().length, node: process.version },
      job,
      rounds,
      figures,
      skipped,
    };
    console.log(values.json ? JSON.stringify(report) : peersText(report));
  } finally {
    for (const side of sides) side.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (values.serve !== undefined) await serveFoldin(values.serve, values.device === 'cpu' ? 'cpu' : 'auto');
else await main();
