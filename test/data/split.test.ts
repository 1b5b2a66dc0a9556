import { describe, expect, it } from 'vitest';
import { nnz, rowIndices } from '../../src/data/csr.js';
import { given } from '../../src/data/given.js';
import type { Interactions } from '../../src/data/interactions.js';
import { auditSplit, idsOf } from '../../src/data/leaks/audit.js';
import type { LogRow } from '../../src/data/logRows.js';
import { sampleLog } from '../../src/data/sample.js';
import { defaultSplit, globalTime, heldOutUsers, leaveLastOut, random } from '../../src/data/split.js';
import type { Split } from '../../src/data/splitTypes.js';
import { errorOf, interactionsOf, partPairs } from './helpers.js';

const sample = interactionsOf(sampleLog({ users: 200, items: 80 }).rows);

/** The pairs of each part, as "user item". */
function partsOf(split: Split, of: Interactions) {
  const pairs = (part: Split['train'], users: Uint32Array) => partPairs(part, users, split.itemIndices, of);
  const { train, trainUsers, validation, test } = split;
  return {
    train: pairs(train, trainUsers!),
    validationHistory: pairs(validation.history, validation.users!),
    validation: pairs(validation.heldOut, validation.users!),
    testHistory: pairs(test.history, test.users!),
    test: pairs(test.heldOut, test.users!),
  };
}

const lines = (text: string): LogRow[] =>
  text.split(' ').map((word) => {
    const [user, item, time] = word.split(':');
    return { user, item, timeSec: time === undefined ? undefined : Number(time) };
  });

describe('heldOutUsers', () => {
  it('takes 80/10/10 of the users, and a fifth of the items of the held-out ones', () => {
    const split = heldOutUsers(sample, { seed: 3 });
    expect([split.train.rows, split.validation.heldOut.rows, split.test.heldOut.rows]).toEqual([160, 20, 20]);
    for (const { history, heldOut } of [split.validation, split.test]) {
      for (let row = 0; row < history.rows; row++) {
        const all = rowIndices(history, row).length + rowIndices(heldOut, row).length;
        expect(rowIndices(heldOut, row).length).toBe(Math.max(1, Math.floor(0.2 * all)));
      }
    }
    const users = [split.trainUsers!, split.validation.users!, split.test.users!].flatMap((part) => [
      ...part,
    ]);
    expect(new Set(users).size).toBe(users.length);
  });

  it('is another one under another seed, the same under the same', () => {
    const pairs = (seed: number) => partsOf(heldOutUsers(sample, { seed }), sample);
    expect(pairs(3)).toEqual(pairs(3));
    expect(pairs(3)).not.toEqual(pairs(4));
  });

  it('leaves out items that nobody trains on, and users with fewer than two others, and counts them', () => {
    // Ten users share x and y; each has an item of their own, which is cold where the user is held out.
    const users = Array.from({ length: 10 }, (_, u) => `u${u}:x u${u}:y u${u}:own${u}`);
    const interactions = interactionsOf(lines(users.join(' ')));
    const split = heldOutUsers(interactions);
    expect([split.train.rows, split.validation.history.rows, split.test.history.rows]).toEqual([8, 1, 1]);
    expect(split.itemIndices.length).toBe(10);
    expect(split.dropped).toEqual({ users: 0, interactions: 2, coldItems: 2 });
    const lonely = interactionsOf(lines(Array.from({ length: 10 }, (_, u) => `u${u}:own${u}`).join(' ')));
    expect(heldOutUsers(lonely, { validation: 0, test: 0 }).train.rows).toBe(10);
  });

  it('says when a part is empty', async () => {
    const lonely = interactionsOf(lines('a:x b:y c:z'));
    expect((await errorOf(() => heldOutUsers(lonely), 'SPLIT_EMPTY')).details.part).toBe('validation');
    await errorOf(() => heldOutUsers(sample, { test: 1 }), 'CONFIG');
    await errorOf(() => heldOutUsers(sample, { validation: 0.5, test: 0.5 }), 'CONFIG');
    await errorOf(() => heldOutUsers(sample, { heldOut: 0 }), 'CONFIG');
  });
});

describe('globalTime', () => {
  it('cuts at two moments', () => {
    // Eleven interactions: the cuts are the times of the ninth (75) and tenth (80).
    const log = 'a:x:1 a:y:20 b:x:3 b:z:40 c:x:50 c:y:60 a:w:65 c:z:70 a:z:75 b:y:80 c:new:90';
    const interactions = interactionsOf(lines(log));
    const split = globalTime(interactions, { validation: 0.1, test: 0.1 });
    expect(partsOf(split, interactions)).toEqual({
      train: ['a w', 'a x', 'a y', 'b x', 'b z', 'c x', 'c y', 'c z'],
      validationHistory: ['a w', 'a x', 'a y'],
      validation: ['a z'],
      testHistory: ['b x', 'b z'],
      test: ['b y'],
    });
    expect(split.test).toMatchObject({ cold: 0, skipped: 1 });
    expect(split.dropped).toEqual({ users: 1, interactions: 1, coldItems: 1 });
  });

  it('puts all of a second on one side, and counts users without history as cold', () => {
    const tied = interactionsOf(
      lines('a:x:1 a:y:2 b:x:3 b:y:4 c:x:5 c:y:6 d:x:7 a:z:8.2 b:z:8.9 e:x:8.5 d:y:9'),
    );
    const split = globalTime(tied, { validation: 0, test: 0.2 });
    expect(partsOf(split, tied).train).toEqual(['a x', 'a y', 'b x', 'b y', 'c x', 'c y', 'd x']);
    expect(split.test).toMatchObject({ cold: 1, skipped: 2 });
  });

  it('lets nothing later than the cut into training', () => {
    const split = globalTime(sample);
    const parts = partsOf(split, sample);
    const timeOf = new Map(
      partPairs(
        sample.matrix,
        Uint32Array.from(sample.users.ids.keys()),
        Uint32Array.from(sample.items.ids.keys()),
        sample,
      ).map((pair, e) => [pair, sample.timeSec![e]]),
    );
    const times = (pairs: string[]) => pairs.map((pair) => timeOf.get(pair)!);
    expect(Math.max(...times(parts.train))).toBeLessThan(Math.min(...times(parts.validation)));
    expect(Math.max(...times(parts.testHistory))).toBeLessThan(Math.min(...times(parts.test)));
    expect(nnz(split.train)).toBeCloseTo(0.8 * nnz(sample.matrix), -1);
  });

  it('needs times that differ', async () => {
    await errorOf(() => globalTime(interactionsOf(lines('a:x b:x'))), 'CONFIG');
    await errorOf(() => globalTime(interactionsOf(lines('a:x:5 a:y:5 b:x:5'))), 'SPLIT_EMPTY');
  });
});

describe('leaveLastOut', () => {
  /** Two users of two items, who are trained on only, so that every item is known. */
  const known = ' p:w:1 p:x:2 q:y:1 q:z:2';
  const last = (text: string, options = {}) => {
    const interactions = interactionsOf(lines(text + known));
    return partsOf(leaveLastOut(interactions, options), interactions);
  };

  it('holds out the last item for test and the one before for validation, each with all that came earlier', () => {
    const parts = last('a:w:100 a:x:300 a:y:200 a:z:400 b:x:1 b:y:3 b:z:2');
    expect(parts.test).toEqual(['a z', 'b y']);
    expect(parts.validation).toEqual(['a x', 'b z']);
    expect(parts.testHistory).toEqual(['a w', 'a x', 'a y', 'b x', 'b z']);
    expect(parts.validationHistory).toEqual(['a w', 'a y', 'b x']);
    expect(parts.train).toEqual(['a w', 'a y', 'b x', 'p w', 'p x', 'q y', 'q z']);
  });

  it('settles ties by the item, whatever the order of lines', () => {
    const text = 'a:w:1 a:x:9 a:y:9 a:z:9 b:w:1 b:x:1 b:y:1 b:z:1';
    const parts = last(text);
    expect(parts.test).toEqual(['a z', 'b z']);
    expect(parts.validation).toEqual(['a y', 'b y']);
    expect(last(text.split(' ').reverse().join(' '))).toEqual(parts);
  });

  it('leaves a part out whose share is 0, and needs times', async () => {
    const parts = last('a:w:1 a:x:2 a:y:3', { validation: 0 });
    expect(parts.validation).toEqual([]);
    expect(parts.test).toEqual(['a y']);
    expect(parts.train).toContain('a x');
    await errorOf(() => leaveLastOut(interactionsOf(lines('a:x b:x'))), 'CONFIG');
  });
});

describe('random', () => {
  it('holds out a tenth of each user for validation and one for test', () => {
    const split = random(sample);
    expect(split.train.rows).toBe(200);
    expect(nnz(split.test.heldOut) / nnz(sample.matrix)).toBeCloseTo(0.1, 1);
    const parts = partsOf(split, sample);
    expect(parts.validationHistory).toEqual(parts.train);
    expect(new Set(parts.testHistory)).toEqual(new Set([...parts.train, ...parts.validation]));
  });

  it('trains only on users with fewer than three items', () => {
    const interactions = interactionsOf(lines('a:x a:y b:x b:y b:z c:x c:y c:z d:z'));
    const split = random(interactions);
    const users = (part: Uint32Array) => Array.from(part, (user) => interactions.users.ids[user]);
    expect(users(split.trainUsers!)).toEqual(['a', 'b', 'c', 'd']);
    expect(users(split.test.users!)).toEqual(['b', 'c']);
  });
});

describe('every split', () => {
  const splits: [string, Split][] = [
    ['heldOutUsers', heldOutUsers(sample)],
    ['globalTime', globalTime(sample)],
    ['leaveLastOut', leaveLastOut(sample)],
    ['random', random(sample)],
  ];
  it.each(splits)('%s: parts are disjoint and complete', (_, split) => {
    const parts = partsOf(split, sample);
    const sets = Object.values(parts).map((pairs) => new Set(pairs));
    expect(sets.map((set) => set.size)).toEqual(Object.values(parts).map((pairs) => pairs.length));
    const [train, , validation, , test] = sets;
    for (const pair of validation) expect(train.has(pair) || test.has(pair)).toBe(false);
    for (const pair of test) expect(train.has(pair)).toBe(false);
    const all = new Set(Object.values(parts).flat());
    expect(all.size + split.dropped.interactions).toBe(nnz(sample.matrix));
    expect(split.itemIndices.length + split.dropped.coldItems).toBe(sample.items.size);
    expect(auditSplit(split, idsOf(split, sample), sample)).toEqual([]);
  });

  it('keeps weights beside their items', () => {
    const rows = lines('a:x a:y a:z b:x b:y b:z c:x c:y c:z').map((row, value) => ({
      ...row,
      value: value + 1,
    }));
    const interactions = interactionsOf(rows, { weight: 'value' });
    const { train, trainUsers, itemIndices } = random(interactions);
    expect(nnz(train)).toBeGreaterThan(0);
    trainUsers!.forEach((user, row) => {
      for (let e = train.indptr[row]; e < train.indptr[row + 1]; e++) {
        expect(train.values![e]).toBe(3 * user + itemIndices[train.indices[e]] + 1);
      }
    });
  });
});

describe('defaultSplit', () => {
  it('is globalTime with times, heldOutUsers without or with an order only', () => {
    expect(defaultSplit(sample).name).toBe('globalTime');
    expect(defaultSplit({ ...sample, timeIsOrder: true }).name).toBe('heldOutUsers');
    expect(defaultSplit({ ...sample, timeSec: undefined }).name).toBe('heldOutUsers');
  });
});

describe('given', () => {
  const of = (text: string) => interactionsOf(lines(text));
  const train = of('a:x a:y b:y b:z c:z');

  it('matches users and items by id', () => {
    const split = given({
      train,
      validation: { foldIn: of('v:z v:q w:q'), heldOut: of('v:x w:x') },
      test: { heldOut: of('a:z b:q nobody:x') },
    });
    expect(split.itemIndices).toEqual(Uint32Array.of(0, 1, 2));
    const columns = (part: Split['train']) =>
      Array.from({ length: part.rows }, (_, row) =>
        [...rowIndices(part, row)].map((item) => train.items.ids[item]),
      );
    expect(columns(split.validation.history)).toEqual([['z']]);
    expect(columns(split.validation.heldOut)).toEqual([['x']]);
    expect(columns(split.test.history)).toEqual([['x', 'y']]);
    expect(columns(split.test.heldOut)).toEqual([['z']]);
    expect(split.validation).toMatchObject({ cold: 1, skipped: 0 });
    expect(split.test).toMatchObject({ cold: 1, skipped: 1 });
    expect(split.dropped).toEqual({ users: 3, interactions: 3, coldItems: 1 });
  });

  it('refuses a held-out pair that was trained on or folded in', async () => {
    await errorOf(() => given({ train, test: { foldIn: of('v:x v:y'), heldOut: of('v:y') } }), 'LEAKAGE');
    await errorOf(() => given({ train, test: { foldIn: of('a:y'), heldOut: of('a:x') } }), 'LEAKAGE');
    await errorOf(() => given({ train, test: { heldOut: of('a:x') } }), 'LEAKAGE');
  });
});
