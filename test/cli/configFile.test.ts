import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { done, failure, temporaryFolder } from './helpers.js';

let root: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder: root, remove } = await temporaryFolder());
});
afterAll(() => remove());

let made = 0;
/** A new folder with these files. */
async function folder(files: Record<string, string>): Promise<string> {
  const path = join(root, `f${made++}`);
  await mkdir(path);
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return path;
}

const sample = async (cwd: string, ...more: string[]) => {
  const { stdout, stderr } = await done(['sample', '--json', '--out', 'log.csv', ...more], { cwd });
  return { ...JSON.parse(stdout), stderr };
};

describe.concurrent('the config file', () => {
  it('gives options at the top and by command; what is typed wins', async () => {
    const json = JSON.stringify({
      seed: 7,
      users: 40,
      sample: { items: 30 },
      train: { epochs: 3, hidden: [8, 4] },
    });
    const cwd = await folder({ 'foldin.config.json': json });
    const found = await sample(cwd);
    expect(found).toMatchObject({ users: 40, items: 30 });
    expect((await sample(cwd, '--users', '50')).users).toBe(50);
    const same = await sample(await folder({}), '--users', '40', '--items', '30', '--seed', '7');
    expect(same.interactions).toBe(found.interactions);
    const { stderr } = await done(['sample', '--out', 'log.csv'], { cwd });
    expect(stderr).toContain('config    foldin.config.json: --seed=7 --users=40 --items=30');
  });

  it('may be YAML, and lie elsewhere', async () => {
    const cwd = await folder({ 'mine.yaml': 'users: 40 # few\nsample:\n  items: 30\n' });
    expect(await sample(cwd, '--config', 'mine.yaml')).toMatchObject({ users: 40, items: 30 });
    expect((await sample(cwd, '--config=mine.yaml')).users).toBe(40);
    const wrong = await failure(['sample', '--out', 'log.csv', '--config', 'none.yaml'], { cwd });
    expect(wrong).toMatchObject({ code: 'FILE_MISSING' });
  });

  it('sets switches on and off', async () => {
    const cwd = await folder({
      'foldin.config.json': '{"header": false, "strict": true}',
      'log.csv': 'a,b\na,c\nb,c\nb\n',
    });
    const wrong = await failure(['inspect', 'log.csv', '--user', '1', '--item', '2'], { cwd });
    expect(wrong).toMatchObject({ code: 'LOG_FORMAT', message: expect.stringContaining('line 4') });
    const loose = await folder({
      'foldin.config.json': '{"header": false, "strict": false}',
      'log.csv': 'a,b\na,c\n',
    });
    const { stdout } = await done(['inspect', 'log.csv', '--json'], { cwd: loose });
    expect(JSON.parse(stdout).rows.read).toBe(2);
  });

  it.each([
    ['{"min-valu": 4}', 'min-value'],
    ['{"tain": {}}', 'train'],
    ['{"train": {"epoch": 4}}', 'epochs'],
  ])('refuses unknown keys of any command, and names the nearest: %s', async (text, nearest) => {
    const cwd = await folder({ 'foldin.config.json': text });
    expect(await failure(['sample', '--out', 'log.csv'], { cwd })).toMatchObject({
      code: 'CONFIG',
      remedy: expect.stringContaining(`"${nearest}"`),
    });
  });

  it.each([
    '{"users": {}}',
    '{"users": true}',
    '{"strict": 1}',
    '{"train": 3}',
    '[1]',
    '{"users": 1',
    '{"users": "x"}',
  ])('refuses what makes no sense: %s', async (text) => {
    const cwd = await folder({ 'foldin.config.json': text });
    const command = text.includes('strict') ? ['inspect', 'log.csv'] : ['sample', '--out', 'log.csv'];
    expect(await failure(command, { cwd })).toMatchObject({ code: 'CONFIG' });
    // The help is there when a file is broken, too.
    await done(['sample', '--help'], { cwd });
  });

  it('refuses two of them', async () => {
    const cwd = await folder({ 'foldin.config.json': '{}', 'foldin.config.yaml': '' });
    expect(await failure(['sample', '--out', 'log.csv'], { cwd })).toMatchObject({ code: 'CONFIG' });
  });
});
