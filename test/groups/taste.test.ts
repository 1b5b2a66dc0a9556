import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { createBackend } from '../../src/createBackend.js';
import { explain } from '../../src/explain/explain.js';
import { agrees } from '../../src/explain/words.js';
import { type Groups, groups } from '../../src/groups/groups.js';
import { groupOf, groupTaste } from '../../src/groups/taste.js';
import type { Recommender } from '../../src/recommend/recommender.js';
import { trainedOnSample } from '../report/trained.js';

let backend: Backend;
let recommender: Recommender;
let found: Groups;
beforeAll(async () => {
  backend = await createBackend({ device: 'cpu' });
  ({ recommender } = await trainedOnSample());
  found = await groups(recommender, { groups: 5 });
});
afterAll(() => {
  recommender?.backend.dispose();
  backend?.dispose();
});

/** Users by group and by whether they have an item, counted in another way. */
function counted(group: number, item: string) {
  const index = recommender.indexOf(item);
  const users = recommender.parts.users!.ids.map((user, row) => ({
    isMine: found.assigned[row] === group,
    has: recommender.historyOf({ user }).known.includes(index),
  }));
  const mine = users.filter(({ isMine }) => isMine);
  const others = users.filter(({ isMine }) => !isMine);
  const having = (some: typeof users) => some.filter(({ has }) => has).length;
  return {
    users: mine.length,
    having: having(mine),
    others: { users: others.length, having: having(others) },
  };
}

describe('the taste of a group', () => {
  it('counts who has the item, and likes what it has more often than others', () => {
    for (let group = 0; group < found.groups.length; group++) {
      for (const item of ['b0003', 'b0017', found.groups[group].defining[0].item]) {
        const taste = groupTaste(recommender, found, group, item);
        expect(taste).toMatchObject({ group: group + 1, ...counted(group, item) });
        expect(taste.likes.length).toBeGreaterThan(0);
        for (const { item: liked } of taste.likes) {
          expect(liked).not.toBe(item);
          expect(agrees({ ...counted(group, liked), likes: [] })).toBe(true);
        }
      }
    }
  });

  it('is named in a sentence where it speaks for the item, and nowhere else', async () => {
    const ids = recommender.parts.users!.ids;
    const said = { yes: 0, no: 0 };
    for (const [row, user] of [...ids.entries()].slice(0, 30)) {
      const { items } = await recommender.recommend({ user }, { k: 2 });
      const asked = [...items.map(({ item }) => item), ids.length % 2 ? 'b0001' : 'b0100'];
      for (const item of asked) {
        const peers = groupTaste(recommender, found, found.assigned[row], item);
        const { users, having, others } = counted(found.assigned[row], item);
        const { text, peers: given } = await explain(recommender, { user }, item, { peers });
        const isSaid = /People in your group/.test(text);
        said[isSaid ? 'yes' : 'no']++;
        expect(given).toEqual({ ...peers, agree: isSaid });
        if (isSaid) expect(having / users).toBeGreaterThan(others.having / others.users);
      }
    }
    expect(said.yes).toBeGreaterThan(0);
    expect(said.no).toBeGreaterThan(0);
  });

  it('is that of the group which a history is placed in, for users of the log the one they are in', async () => {
    const { users, histories, items } = recommender.parts;
    for (let row = 0; row < 40; row++) {
      const user = users!.ids[row];
      expect(await groupOf(recommender, found, { user })).toBe(found.assigned[row]);
      const history = Array.from(
        histories!.indices.subarray(histories!.indptr[row], histories!.indptr[row + 1]),
        (item) => items.ids[item],
      );
      expect(await groupOf(recommender, found, { history })).toBe(found.assigned[row]);
    }
    await expect(groupOf(recommender, found, { user: 'nix' })).rejects.toMatchObject({ code: 'UNKNOWN_ID' });
  });
});
