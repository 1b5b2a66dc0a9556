import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { done, failure, lines, makeModel, temporaryFolder } from './helpers.js';

let cwd: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder: cwd, remove } = await temporaryFolder());
  await makeModel(cwd);
});
afterAll(() => remove());

const CPU = ['--device', 'cpu'];
const json = async (...args: string[]) =>
  JSON.parse((await done([...args, ...CPU, '--json'], { cwd })).stdout);

describe.concurrent('explain', () => {
  it('says why the best item is the best', async () => {
    const [{ items }] = await json('recommend', 'model.safetensors', '--user', 'u0001', '-k', '1');
    const asked = ['explain', 'model.safetensors', '--user', 'u0001', '--item', items[0].item];
    const found = await json(...asked, '--counterfactual', '-k', '3');
    expect(Object.keys(found)).toEqual([
      'user',
      'item',
      'title',
      'score',
      'method',
      'baseline',
      'contributions',
      'remainder',
      'unknownItems',
      'text',
      'counterfactual',
    ]);
    expect(found).toMatchObject({ user: 'u0001', item: items[0].item, method: 'leaveOneOut' });
    expect(found.score).toBeCloseTo(items[0].score, 5);
    expect(found.text).toMatch(/^“The .*”, because of “The .*” in your history\.$/);
    const sorted = found.contributions.map(({ contribution }: { contribution: number }) => contribution);
    expect(sorted).toEqual([...sorted].sort((a, b) => b - a));
    if (found.counterfactual.found) expect(found.counterfactual.removed.length).toBeGreaterThan(0);

    const { stdout } = await done([...asked, '--lang', 'zh', ...CPU], { cwd });
    expect(stdout).toMatch(/^推荐“The .*”，因为您的记录中有“The /);
    expect(stdout).toMatch(/^contribution +item +title$/m);
    const surrogate = await json(...asked, '--method', 'lime');
    expect(surrogate.fit).toBeLessThanOrEqual(1);
  });

  it('says what people of the same group did, and makes it a reason where it is one', async () => {
    const asked = ['explain', 'model.safetensors', '--user', 'u0001', '--item', 'b0001'];
    const { peers, text } = await json(...asked, '--groups', '3');
    expect(Object.keys(peers)).toEqual(['group', 'users', 'having', 'others', 'likes', 'agree']);
    expect(text.includes('People in your group')).toBe(peers.agree);
    const { stdout } = await done([...asked, '--groups', '3', '--lang', 'zh', ...CPU], { cwd });
    expect(stdout).toMatch(/^the group: \d+ of \d+ have it, \d+ of \d+ elsewhere: /m);
    expect(stdout.includes('与您同组的用户')).toBe(peers.agree);
    expect((await json(...asked)).peers).toBeUndefined();
    const history = await json(
      'explain',
      'model.safetensors',
      '--history',
      'b0003,b0017',
      '--item',
      'b0001',
      '--groups',
    );
    expect(history.peers.users + history.peers.others.users).toBe(peers.users + peers.others.users);
  });

  it('keeps its own sentence, and says so, when a language model does not answer', async () => {
    const asked = ['explain', 'model.safetensors', '--user', 'u0001', '--item', 'b0001', ...CPU];
    const { text } = JSON.parse((await done([...asked, '--json'], { cwd })).stdout);
    const llm = ['--llm', 'http://127.0.0.1:9/v1', '--llm-model', 'tiny'];
    const { stdout, stderr } = await done([...asked, ...llm], { cwd });
    expect(lines(stdout)[0]).toBe(text);
    expect(stderr).toMatch(/go to 127\.0\.0\.1:9/);
    expect(stderr).toMatch(/did not rephrase: .*; the sentence is foldin's own/);
    expect(await failure([...asked, '--llm', 'http://127.0.0.1:9'], { cwd })).toMatchObject({
      code: 'USAGE',
    });
  });

  it('refuses what it cannot explain, and says what helps', async () => {
    const ask = (...args: string[]) => failure(['explain', 'model.safetensors', ...args, ...CPU], { cwd });
    expect(await ask('--user', 'u0001')).toMatchObject({ exit: 2, code: 'USAGE' });
    expect(await ask('--item', 'b0001')).toMatchObject({ exit: 2, code: 'USAGE' });
    expect(await ask('--user', 'u0001', '--item', 'nix')).toMatchObject({ exit: 1, code: 'UNKNOWN_ID' });
    expect(await ask('--history', 'nix', '--item', 'b0001')).toMatchObject({ exit: 1, code: 'NO_HISTORY' });
    const additive = await ask('--user', 'u0001', '--item', 'b0001', '--method', 'additive');
    expect(additive).toMatchObject({ exit: 2, code: 'CONFIG' });
  });
});

describe.concurrent('importance', () => {
  it('tells the items and the attributes that count, in the units of the score', async () => {
    const found = await json('importance', 'model.safetensors', '--items', 'items.csv', '--sample', '20');
    expect(Object.keys(found)).toEqual(['users', 'influential', 'attributes', 'units', 'popularity']);
    expect(found.users).toBe(20);
    for (const { attribute, value } of found.attributes) {
      expect(attribute).toBe('category');
      expect(value).toMatch(/^[\w ]+$/);
    }
    const asked = ['importance', 'model.safetensors', '--sample', '20', ...CPU];
    const { stdout } = await done([...asked, '--items', 'items.csv'], { cwd });
    expect(stdout).toMatch(/^mean absolute +mean +histories +item +title$/m);
    expect(stdout).toMatch(/^ +\d+\.\d{4} +-?\d+\.\d{4} +\d+ +category +[\w ]+$/m);
    const without = await done(asked, { cwd });
    expect(without.stdout).not.toContain('category');
    expect(
      await failure([...asked, '--items', 'log.csv', '--attribute', 'size=flag'], { cwd }),
    ).toMatchObject({
      exit: 1,
    });
  });
});

describe.concurrent('groups', () => {
  it('describes them, and writes who is in which', async () => {
    const found = await json('groups', 'model.safetensors', '--groups', '3', '--out', 'groups.csv');
    expect(Object.keys(found)).toEqual([
      'groups',
      'relations',
      'flow',
      'silhouette',
      'chosenBy',
      'representation',
    ]);
    expect(found).toMatchObject({ chosenBy: 'asked', representation: 'units' });
    const rows = lines(await readFile(join(cwd, 'groups.csv'), 'utf8'));
    expect(rows[0]).toBe('user,group');
    for (const { group, users } of found.groups) {
      expect(rows.filter((row) => row.endsWith(`,${group}`))).toHaveLength(users);
    }
    const { stdout } = await done(['groups', 'model.safetensors', '--groups', '3', ...CPU], { cwd });
    expect(stdout).toMatch(/^3 groups \(as asked\); silhouette -?0\.\d\d$/m);
    expect(stdout).toMatch(/^group 1: \d+ users \(\d+%\), spread 0\.\d\d$/m);
  });

  it('refuses numbers that make no sense', async () => {
    const refused = await failure(['groups', 'model.safetensors', '--groups', '1', ...CPU], { cwd });
    expect(refused).toMatchObject({ exit: 2, code: 'CONFIG' });
  });
});

describe.concurrent('report', () => {
  it('is one file, whole or not there', async () => {
    const shown = ['--groups', '3', '--items', 'items.csv'];
    const { bytes } = await json('report', 'model.safetensors', '--out', 'report.html', ...shown);
    const html = await readFile(join(cwd, 'report.html'), 'utf8');
    expect(Buffer.byteLength(html)).toBe(bytes);
    for (const part of ['The log', 'Training', 'How good it is', 'Groups of users', 'Some users, and why']) {
      expect(html).toContain(`<h2>${part}</h2>`);
    }
    expect(html).toContain('because of');
    expect(html).toContain('<h3>By attribute of these items</h3>');
  });

  it('refuses what it cannot write or show', async () => {
    const ask = (...args: string[]) => failure(['report', ...args, ...CPU], { cwd });
    expect(await ask('model.safetensors')).toMatchObject({ exit: 2, code: 'USAGE' });
    expect(await ask('model.safetensors', '--out', 'no/folder.html')).toMatchObject({ code: 'FILE_WRITE' });
    await done(
      ['train', 'log.csv', '--model', 'popular', '--no-histories', '--out', 'bare.safetensors', ...CPU],
      { cwd },
    );
    expect(await ask('bare.safetensors', '--out', 'r.html')).toMatchObject({ code: 'NO_HISTORY' });
  });
});
