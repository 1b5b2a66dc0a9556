import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
}

interface RunOptions {
  readonly cwd: string;
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the built command line in a process of its own, away from the settings of whoever runs the tests. */
export function start(args: readonly string[], { cwd, input, env }: RunOptions): Running {
  if (!existsSync(CLI))
    throw new Error(`${CLI} is missing: run "node scripts/build.mjs --quick" (npm test does)`);
  const { FOLDIN_ADAPTER: _, FOLDIN_DEBUG: __, FORCE_COLOR: ___, ...inherited } = process.env;
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd,
    env: { ...inherited, FOLDIN_CACHE: join(cwd, 'cache'), ...env },
  });
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      text[stream] += chunk;
    });
  }
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const ended = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, ...text }));
  });
  return { child, ended };
}

export const run = (args: readonly string[], options: RunOptions): Promise<Ran> => start(args, options).ended;

/** Runs a command that must succeed. */
export async function done(args: readonly string[], options: RunOptions): Promise<Ran> {
  const ran = await run(args, options);
  expect(ran, args.join(' ')).toMatchObject({ code: 0 });
  return ran;
}

/** Runs a command that must fail: the exit code, and what --json says about it in stderr's last line. */
export async function failure(args: readonly string[], options: RunOptions) {
  const { code, stdout, stderr } = await run([...args, '--json'], options);
  const last = JSON.parse(stderr.trimEnd().split('\n').at(-1)!) as {
    error: { code: string; message: string; remedy: string };
  };
  expect(Object.keys(last.error)).toEqual(['code', 'message', 'remedy']);
  expect(last.error.remedy).toMatch(/\w/);
  expect(stdout).toBe('');
  return { exit: code, ...last.error };
}

export const lines = (text: string): string[] => text.trimEnd().split('\n');

/** A folder of its own, and how to remove it. */
export async function temporaryFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'foldin-cli-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** A tiny network on a tiny log: a second on the CPU. */
export const TINY = ['--device', 'cpu', '--hidden', '8', '--epochs', '4', '--batch', '20'];

/** Writes log.csv, items.csv and model.safetensors. */
export async function makeModel(cwd: string): Promise<void> {
  await done(
    [
      'sample',
      '--users',
      '120',
      '--items',
      '48',
      '--seed',
      '3',
      '--out',
      'log.csv',
      '--items-out',
      'items.csv',
    ],
    { cwd },
  );
  await done(['train', 'log.csv', '--items', 'items.csv', '--out', 'model.safetensors', ...TINY], { cwd });
}
