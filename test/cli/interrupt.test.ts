import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { done, failure, makeModel, run, start, temporaryFolder } from './helpers.js';

let cwd: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder: cwd, remove } = await temporaryFolder());
  await makeModel(cwd);
});
afterAll(() => remove());

// Enough for the signal to arrive in the middle on a fast machine.
const EPOCHS = 20;
const options = [
  '--device',
  'cpu',
  '--hidden',
  '16',
  '--batch',
  '4',
  '--patience',
  '15',
  '--epochs',
  String(EPOCHS),
];
const training = (out: string) => ['train', 'log.csv', '--out', out, '--checkpoint-every', '0', ...options];

/** Trains until three epochs have ended, then presses Ctrl-C. */
async function interrupted(out: string, ...more: string[]) {
  const { child, ended } = start([...training(out), '--json', ...more], { cwd });
  let epochs = 0;
  child.stdout!.on('data', (chunk: string) => {
    epochs += chunk.split('"event":"epoch"').length - 1;
    if (epochs >= 3) child.kill('SIGINT');
  });
  return ended;
}

// Windows has no signal that a process can send another.
describe.skipIf(process.platform === 'win32')('Ctrl-C', () => {
  it('keeps the last epoch, says how to resume, and the resumed training ends in the same bytes', async () => {
    // The planner makes no difference to the bytes, and none is part of what a checkpoint was made with.
    const worker = ['--planner', 'worker'];
    const { code, stderr, stdout } = await interrupted('a.safetensors', ...worker);
    expect(code).toBe(1);
    const { error } = JSON.parse(stderr.trimEnd().split('\n').at(-1)!);
    expect(error.code).toBe('ABORTED');
    expect(error.message).toMatch(/epoch \d+ is saved in a\.safetensors\.checkpoint/);
    expect(stdout).not.toContain('"done"');
    expect(existsSync(join(cwd, 'a.safetensors'))).toBe(false);

    // The remedy is a command to type; --json is part of it.
    const command = error.remedy.replace(/^Go on with: foldin /, '').split(' ');
    expect(command).toEqual(
      [...training('a.safetensors'), '--json', ...worker].concat(['--resume', 'a.safetensors.checkpoint']),
    );
    const resumed = await done(command, { cwd });
    const first = JSON.parse(resumed.stdout.split('\n')[0]);
    expect(first.epoch).toBeGreaterThan(3);
    expect(existsSync(join(cwd, 'a.safetensors.checkpoint'))).toBe(false);

    await done(training('b.safetensors'), { cwd });
    expect(await readFile(join(cwd, 'a.safetensors'))).toEqual(await readFile(join(cwd, 'b.safetensors')));
  });

  it('refuses to resume with other options, another log or a damaged checkpoint', async () => {
    await interrupted('c.safetensors', '--checkpoint', 'c.state');
    const resume = (...more: string[]) =>
      failure([...training('c.safetensors'), '--resume', 'c.state', ...more], { cwd });
    const other = await resume('--lr', '0.01');
    expect(other).toMatchObject({ exit: 2, code: 'CONFIG' });
    expect(other.message).toBe('c.state was made with learningRate 0.001, not 0.01');
    expect(await resume('--min-user', '9')).toMatchObject({ exit: 2, code: 'CONFIG', message: /with log/ });
    const bytes = await readFile(join(cwd, 'c.state'));
    bytes[bytes.length - 20] ^= 1;
    await writeFile(join(cwd, 'c.state'), bytes);
    expect(await resume()).toMatchObject({ exit: 1, code: 'MODEL_CORRUPT' });
  });
});

describe('a reader that goes away', () => {
  it('is no failure', async () => {
    const { child, ended } = start(['inspect', 'log.csv'], { cwd });
    child.stdout!.destroy();
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('standard input', () => {
  it('can be the log', async () => {
    const input = await readFile(join(cwd, 'log.csv'));
    const { code, stderr } = await run(['train', '-', '--out', 'd.safetensors', ...options], { cwd, input });
    expect(stderr).toContain('read      standard input');
    expect(code).toBe(0);
  });
});
