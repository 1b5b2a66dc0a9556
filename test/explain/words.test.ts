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
