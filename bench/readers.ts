// How long it takes to read a large log and to make its matrix: npm run bench:readers
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomUniform } from '../src/backend/random.js';
import { clean } from '../src/data/clean.js';
import { nnz } from '../src/data/csr.js';
import { fileSource } from '../src/data/files.node.js';
import { readLog } from '../src/data/readLog.js';

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '20000000' },
    seed: { type: 'string', default: '1' },
    /** A log to read instead of a made-up one. */
    file: { type: 'string' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'foldin-bench-'));
try {
  const file =
    options.file ?? (await madeUp(join(folder, 'log.csv'), Number(options.rows), Number(options.seed)));
  await measure(file);
} finally {
  rmSync(folder, { recursive: true });
}

/** A log of the size of MovieLens 20M with longer ids, in no order at all: the worst case for the cache. */
async function madeUp(path: string, rows: number, seed: number): Promise<string> {
  const file = await open(path, 'w');
  let text = 'userId,movieId,rating,timestamp\n';
  for (let row = 0; row < rows; row++) {
    const draw = (column: number) => randomUniform(seed, column, row, 0);
    const user = 1_000_000_000_000 + Math.floor(138_493 * draw(0));
    const item = 20_000_000 + Math.floor(27_000 * draw(1) ** 3);
    const rating = Math.ceil(10 * draw(2)) / 2;
    text += `${user},${item},${rating},${1_100_000_000 + Math.floor(4e8 * draw(3))}\n`;
    if (text.length > 1 << 22 || row === rows - 1) {
      await file.write(text);
      text = '';
    }
  }
  await file.close();
  return path;
}

async function measure(file: string): Promise<void> {
  const started = performance.now();
  const cpu = process.cpuUsage();
  const seconds = () => {
    const { user, system } = process.cpuUsage(cpu);
    return `${((performance.now() - started) / 1000).toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of CPU)`;
  };
  const megabytes = (statSync(file).size / 1e6).toFixed(0);
  console.log(
    `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Node ${process.version}`,
  );
  const log = await readLog([fileSource(file)]);
  console.log(`read    ${log.rows.count} rows, ${megabytes} MB: ${seconds()}`);
  const { interactions } = clean(log.rows);
  const peak = process.resourceUsage().maxRSS / 1024 ** 2;
  console.log(`matrix  ${nnz(interactions.matrix)} interactions: ${seconds()} from the start`);
  console.log(`memory  ${peak.toFixed(2)} GiB at most`);
}
