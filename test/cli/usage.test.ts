import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { done, failure, run, temporaryFolder } from './helpers.js';

let cwd: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder: cwd, remove } = await temporaryFolder());
});
afterAll(() => remove());

const COMMANDS = [
  'sample',
  'inspect',
  'train',
  'evaluate',
  'recommend',
  'score',
  'info',
  'verify',
  'version',
];

describe.concurrent('usage', () => {
  it.each(COMMANDS)('%s --help starts with an example and lists the shared options', async (command) => {
    const { stdout, stderr } = await done([command, '--help'], { cwd });
    expect(stdout).toMatch(new RegExp(`^Example:\n  .*foldin ${command}`));
    for (const option of ['--json', '--quiet', '--seed <n>']) expect(stdout).toContain(option);
    expect(stderr).toBe('');
  });

  it('foldin --help and foldin help list every command', async () => {
    const { stdout } = await done(['--help'], { cwd });
    expect(stdout).toMatch(/^Example:/);
    for (const command of COMMANDS) expect(stdout).toContain(`\n  ${command} `);
    expect((await done(['help'], { cwd })).stdout).toBe(stdout);
    expect((await done(['help', 'score'], { cwd })).stdout).toBe(
      (await done(['score', '--help'], { cwd })).stdout,
    );
  });

  it('prints the version in text and JSON', async () => {
    const { stdout } = await done(['version'], { cwd });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await done(['--version'], { cwd })).stdout).toBe(stdout);
    expect(JSON.parse((await done(['version', '--json'], { cwd })).stdout).foldin).toBe(stdout.trim());
  });

  it.each([
    [[], 'no command', /foldin sample/],
    [['trian', 'log.csv'], 'there is no command "trian"', /"foldin train"/],
    [['--epochs', '3'], 'stands where a command should', /foldin --help/],
    [['train', 'log.csv', '--epoch', '3'], "unknown option '--epoch'", /Did you mean --epochs\?/],
    [['recommend'], "missing required argument 'model'", /recommend --help/],
    [['train', 'log.csv'], '--out is missing', /--out model/],
    [['train', '--out', 'm.safetensors'], "missing required argument 'log'", /train --help/],
    [['info', 'too', 'much'], 'too many arguments', /info --help/],
    [['info', '--device', 'gup'], 'Allowed choices are auto, gpu, software, cpu', /info --help/],
    [['train', 'log.csv', '--planner', 'here'], 'Allowed choices are inline, worker', /train --help/],
    [['inspect', 'log.csv', '--min-user', 'two'], '--min-user is "two"', /whole number/],
    [['score', 'm.safetensors', '--user', 'u'], '--item is missing', /--item/],
    [['recommend', 'm.safetensors'], 'nobody is named', /--history/],
    [['recommend', 'm.safetensors', '--all'], '--all needs a file', /--out/],
    [['recommend', 'm.safetensors', '--user', 'u', '--out', 'f.csv'], '--out goes with --all', /--all/],
  ])('%j is wrong usage: exit code 2', async (args, message, remedy) => {
    const error = await failure(args, { cwd });
    expect(error).toMatchObject({ exit: 2, code: expect.stringMatching(/^(USAGE|CONFIG)$/) });
    expect(error.message).toContain(message);
    expect(error.remedy).toMatch(remedy);
  });

  it('says errors in two lines, without a stack, unless FOLDIN_DEBUG asks for it', async () => {
    const { code, stderr, stdout } = await run(['trian'], { cwd });
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      'error USAGE: there is no command "trian"\n  Did you mean "foldin train"? "foldin --help" lists the commands.\n',
    );
    const debug = await run(['trian'], { cwd, env: { FOLDIN_DEBUG: '1' } });
    expect(debug.stderr).toMatch(/\n\s+at /);
  });
});
