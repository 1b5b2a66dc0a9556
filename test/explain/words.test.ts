import { expect, it } from 'vitest';
import { reasonsFor, sentence } from '../../src/explain/words.js';

const asked = { item: 'b1', title: 'The Sea' };
const reason = (item: string, contribution: number, title?: string) => ({
  item,
  contribution,
  ...(title && { title }),
});

it.each([
  ['one reason', [reason('b2', 0.5, 'The Shore')]],
  ['two reasons', [reason('b2', 0.5, 'The Shore'), reason('b3', 0.4, 'Salt')]],
  ['three of four', [reason('b2', 0.5), reason('b3', 0.4, 'Salt'), reason('b4', 0.3), reason('b5', 0.2)]],
  ['none', [reason('b2', -0.5, 'The Shore'), reason('b3', 0)]],
  ['no history that counts', []],
])('%s', (_, contributions) => {
  expect(sentence(asked, contributions, 'en')).toMatchSnapshot('en');
  expect(sentence(asked, contributions, 'zh')).toMatchSnapshot('zh');
});

const peers = (having: number, likes: readonly { item: string; title?: string }[]) => ({
  users: 200,
  having,
  others: { users: 1000, having: 52 },
  likes,
});
const shore = { item: 'b2', title: 'The Shore' };
it.each([
  ['a group that likes two', [reason('b4', 0.5, 'Salt')], peers(40, [shore, { item: 'b3' }])],
  ['a group that likes one', [reason('b4', 0.5, 'Salt')], peers(40, [shore])],
  ['a group that likes nothing in particular', [reason('b4', 0.5, 'Salt')], peers(200, [])],
  ['a group, and nothing of the history', [reason('b4', -0.5, 'Salt')], peers(40, [shore])],
  ['a group that has it as often as others', [reason('b4', 0.5, 'Salt')], peers(11, [shore])],
  ['a group that has it less often', [], peers(2, [shore])],
])('%s', (_, contributions, group) => {
  expect(sentence(asked, contributions, 'en', group)).toMatchSnapshot('en');
  expect(sentence(asked, contributions, 'zh', group)).toMatchSnapshot('zh');
});

it('does not round a few people to nobody', () => {
  const few = { ...peers(40, []), others: { users: 100_000, having: 3 } };
  expect(sentence(asked, [], 'en', few)).toContain('20.0% of them, <0.1% of the others');
});

it('names nothing that speaks against the item, or hardly for it', () => {
  const reasons = reasonsFor([
    reason('small', 0.01),
    reason('against', -2),
    reason('large', 1),
    reason('some', 0.3),
  ]);
  expect(reasons.map(({ item }) => item)).toEqual(['large', 'some']);
});

it('falls back on ids where there are no titles', () => {
  expect(sentence({ item: 'x' }, [reason('y', 1)], 'en')).toBe('“x”, because of “y” in your history.');
});
