import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { csrFromRows } from '../../src/data/csr.js';
import type * as Foldin from '../../src/index.js';
import { TRAIN_DEFAULTS } from '../../src/model/config.js';
import { inlinePlanner, type Planner } from '../../src/train/plan.js';
import { openPlanner, type PlannerKind, plannerFor } from '../../src/train/planner.js';
import type { PlanThreadEvents, PlanThreadModule } from '../../src/train/planThread.js';
import { WorkerPlanner } from '../../src/train/workerPlanner.js';
import { checkerboard } from '../behaviour/suite.js';
import { copyOf, expectedWindow, planSpec } from './plans.js';

// Workers are built files: "node scripts/build.mjs --quick" makes them (npm test does).
const root = fileURLToPath(new URL('../..', import.meta.url));
const dist = new URL('../../dist/', import.meta.url);

async function epochs(planner: Planner, first: number, count: number) {
  const all: ReturnType<typeof copyOf>[] = [];
  for (let epoch = first; epoch < first + count; epoch++) {
    for (let index = 0, last = false; !last; index++) {
      const window = await planner.window(epoch, index);
      last = window.last;
      all.push(copyOf(window));
    }
  }
  return all;
}

describe.each([{ weighted: false }, { weighted: true }])('the plan, %o', ({ weighted }) => {
  const spec = planSpec({ weighted });
  const planners: Record<PlannerKind, () => Planner> = {
    inline: () => inlinePlanner(spec),
    worker: () => new WorkerPlanner(spec),
  };

  it.each(['inline', 'worker'] as const)('%s: every window is the reference, byte for byte', async (kind) => {
    const planner = planners[kind]();
    const found = await epochs(planner, 0, 4);
    planner.dispose();
    const windows = found.findIndex(({ last }) => last) + 1;
    expect(windows).toBe(3);
    expect(found).toEqual(found.map((_, n) => expectedWindow(spec, Math.floor(n / windows), n % windows)));
    expect(found[windows].order).not.toEqual(found[0].order);
    expect(found.flatMap(({ firstStep, steps }) => [firstStep, steps]).slice(0, 6)).toEqual([
      0, 3, 3, 3, 6, 2,
    ]);
  });

  it.each(['inline', 'worker'] as const)('%s: gives what is asked for in whatever order', async (kind) => {
    const planner = planners[kind]();
    for (const [epoch, index] of [
      [7, 0],
      [7, 1],
      [2, 0],
      [2, 2],
      [2, 0],
      [3, 1],
      [4, 0],
    ]) {
      expect(copyOf(await planner.window(epoch, index))).toEqual(expectedWindow(spec, epoch, index));
    }
    planner.dispose();
  });
});

describe('a worker', () => {
  const spec = planSpec({ weighted: true });

  /** A thread that answers nothing, and what it was sent. */
  function silent() {
    const log: string[] = [];
    let events!: PlanThreadEvents;
    const start: PlanThreadModule['startPlanThread'] = (given) => {
      events = given;
      return {
        post: (message) => log.push('spec' in message ? 'spec' : `${message.epoch} ${message.index}`),
        keepAlive: (needed) => log.push(needed ? 'wait' : 'go on'),
        end: () => log.push('end'),
      };
    };
    const answer = (epoch: number, index: number) =>
      events.onWindow({
        firstStep: 3 * index,
        steps: 1,
        last: index === 2,
        order: Uint32Array.of(epoch),
        starts: new Uint32Array(2),
        entries: new Uint32Array(2),
      });
    return {
      planner: new WorkerPlanner(spec, start),
      log,
      answer,
      fail: (cause: unknown) => events.onFailure(cause),
    };
  }

  it('is asked for the next window as soon as one is handed out, and for none before that', async () => {
    const { planner, log, answer } = silent();
    expect(log).toEqual([]);
    const first = planner.window(0, 1);
    expect(log.splice(0)).toEqual(['spec', '0 1', 'wait']);
    answer(0, 1);
    await first;
    expect(log.splice(0)).toEqual(['go on', '0 2']);
    // It is there before anybody asks.
    answer(0, 2);
    await planner.window(0, 2);
    expect(log.splice(0)).toEqual(['wait', 'go on', '1 0']);
    planner.dispose();
    expect(log).toEqual(['end']);
  });

  it('that breaks is WORKER_FAILED for whoever waits and ever after, and is ended', async () => {
    const { planner, log, fail } = silent();
    const waiting = planner.window(0, 0);
    fail(new Error('no more threads'));
    const error = { code: 'WORKER_FAILED', message: expect.stringContaining('no more threads') };
    await expect(waiting).rejects.toMatchObject(error);
    await expect(planner.window(0, 0)).rejects.toMatchObject(error);
    expect(log.at(-1)).toBe('end');
    expect(log.filter((line) => line === 'spec')).toHaveLength(1);
  });

  it('that breaks while nobody waits is said when a window is asked for', async () => {
    const { planner, answer, fail } = silent();
    const first = planner.window(0, 0);
    answer(0, 0);
    await first;
    fail({ type: 'error' });
    // A rejection that nobody handles would fail this test's file.
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(planner.window(0, 1)).rejects.toMatchObject({
      code: 'WORKER_FAILED',
      message: expect.stringContaining('could not be loaded'),
      remedy: expect.stringContaining('planWorker.node.js'),
    });
  });

  it('that was disposed of is FREED, also for whoever waits', async () => {
    const { planner } = silent();
    const waiting = planner.window(0, 0);
    planner.dispose();
    await expect(waiting).rejects.toMatchObject({ code: 'FREED' });
    await expect(planner.window(0, 0)).rejects.toMatchObject({ code: 'FREED' });
  });

  it('that cannot be started or that throws is WORKER_FAILED', async () => {
    const refused = new WorkerPlanner(spec, () => {
      throw new Error('refused by the policy of the page');
    });
    await expect(refused.window(0, 0)).rejects.toMatchObject({ code: 'WORKER_FAILED', message: /policy/ });
    const throwing = new WorkerPlanner({ ...spec, capacity: { starts: 2 ** 60, entries: 1 } });
    await expect(throwing.window(0, 0)).rejects.toMatchObject({
      code: 'WORKER_FAILED',
      message: /array length/i,
    });
  });
});

describe('training with a worker', () => {
  async function train(foldin: typeof Foldin, planner: PlannerKind, resumeAfter?: number) {
    const backend = await foldin.createBackend({ device: 'cpu' });
    const { matrix } = checkerboard(40, 20);
    const open = () => {
      const model = foldin.createModel('mlp', backend, { train: matrix, config: { hidden: [4] }, seed: 1 });
      const network = model as ConstructorParameters<typeof Foldin.Trainer>[1];
      const config = { ...TRAIN_DEFAULTS, batch: 16, epochs: 5, patience: 0 };
      return new foldin.Trainer(backend, network, matrix, { config, planner });
    };
    let trainer = open();
    for await (const event of trainer.run()) {
      if (event.event !== 'epoch' || event.epoch !== resumeAfter) continue;
      const checkpoint = await trainer.checkpoint();
      trainer.dispose();
      trainer = open();
      trainer.restore(checkpoint);
      for await (const _ of trainer.run());
      break;
    }
    const { epoch, step, tensors } = await trainer.checkpoint();
    trainer.dispose();
    backend.dispose();
    return { epoch, step, tensors: [...tensors] };
  }

  it('gives the same bytes as without, in one go and resumed', async () => {
    const foldin = (await import(new URL('index.js', dist).href)) as typeof Foldin;
    const expected = await train(foldin, 'inline');
    expect(expected).toMatchObject({ epoch: 5, step: 15 });
    expect(await train(foldin, 'worker')).toEqual(expected);
    expect(await train(foldin, 'worker', 2)).toEqual(expected);
  });

  /** Runs a program that imports the built library from a folder. */
  const program = (folder: string, text: string) =>
    promisify(execFile)(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `const foldin = await import('${pathToFileURL(join(folder, 'dist/index.js'))}');\n${text}`,
      ],
      { timeout: 30_000 },
    );
  const TRAIN = `
    const matrix = foldin.csrFromRows(Array.from({ length: 30 }, (_, u) => [u % 5, 5 + (u % 3)]), 8);
    const backend = await foldin.createBackend({ device: 'cpu' });
    const model = foldin.createModel('mlp', backend, { train: matrix, config: { hidden: [4] }, seed: 1 });
    const config = ${JSON.stringify({ ...TRAIN_DEFAULTS, batch: 8, epochs: 2, patience: 0 })};
    const trainer = new foldin.Trainer(backend, model, matrix, { config, planner: 'worker' });`;

  it('keeps a process alive while it waits for a window, and no longer', async () => {
    for (const end of ['trainer.dispose();', '']) {
      const { stdout } = await program(
        root,
        `${TRAIN}
        for await (const { event, epoch } of trainer.run()) if (event === 'epoch') console.log(epoch);
        ${end}`,
      );
      expect(stdout).toBe('1\n2\n');
    }
  });

  it('ends with the trainer', async () => {
    // Without an end of the worker nothing keeps the process alive, and it fails.
    const { stdout } = await program(
      root,
      `${TRAIN}
      const ended = new Promise((resolve) => process.on('worker', (worker) => worker.on('exit', resolve)));
      for await (const _ of trainer.run());
      trainer.dispose();
      await ended;
      console.log('ended');`,
    );
    expect(stdout).toBe('ended\n');
  });

  it('says that the worker is missing instead of planning without', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'foldin-planner-'));
    try {
      await cp(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
      await cp(join(root, 'package.json'), join(folder, 'package.json'));
      await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
      await rm(join(folder, 'dist/planWorker.node.js'));
      const { stdout } = await program(
        folder,
        `${TRAIN}
        try { await trainer.run().next(); } catch ({ code, name }) { console.log(name, code); }
        trainer.dispose();`,
      );
      expect(stdout).toBe('FoldinError WORKER_FAILED\n');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

it('chooses a worker for long logs on an adapter only', () => {
  const backend = (kind: string) => ({ device: { kind } }) as Backend;
  const short = csrFromRows([[0, 1]], 2);
  const long = { ...short, indptr: Uint32Array.of(0, 1_000_000) };
  expect(plannerFor(backend('gpu'), long)).toBe('worker');
  expect(plannerFor(backend('software'), long)).toBe('worker');
  expect(plannerFor(backend('cpu'), long)).toBe('inline');
  expect(plannerFor(backend('gpu'), short)).toBe('inline');
  expect(() => openPlanner('thread' as PlannerKind, planSpec({ weighted: false }))).toThrow(
    expect.objectContaining({ code: 'CONFIG' }),
  );
});
