import { expect, it } from 'vitest';
import { createBackend } from '../../src/createBackend.js';
import { clean } from '../../src/data/clean.js';
import { logRows } from '../../src/data/logRows.js';
import { sampleLog } from '../../src/data/sample.js';
import { heldOutUsers } from '../../src/data/split.js';
import type { Notice } from '../../src/events.js';
import { requestAdapter } from '../../src/gpu/adapter.browser.js';
import { fit } from '../../src/recommend/fit.js';
import { openGpu } from './backend.js';

const { interactions } = clean(logRows(sampleLog({ users: 120, items: 90, seed: 3 }).rows));

it('without bounds checks: announced, part of the driver in the model, and the same bytes learned', async () => {
  const notices: Notice[] = [];
  const checked = await openGpu();
  const unchecked = await createBackend({
    adapter: process.env['FOLDIN_ADAPTER'],
    unsafeNoRobustness: true,
    onNotice: (notice) => notices.push(notice),
  });
  expect(notices.map(({ code }) => code)).toContain('NO_ROBUSTNESS');
  const [a, b] = await Promise.all(
    [checked, unchecked].map(async (backend) => {
      const { recommender } = await fit(backend, interactions, {
        network: { hidden: [20] },
        train: { epochs: 3, batch: 40, seed: 5 },
        split: heldOutUsers(interactions, { seed: 5 }),
        tune: 'off',
      });
      const contents = await recommender.contents();
      recommender.dispose();
      backend.dispose();
      return contents;
    }),
  );
  expect(b.manifest).toMatchObject({ device: { driver: expect.stringMatching(/, no bounds checks$/) } });
  expect(a.manifest).toMatchObject({ device: { driver: expect.not.stringContaining('bounds checks') } });
  expect(b.tensors).toEqual(a.tensors);
});

it('cannot be asked of the CPU or of a page', async () => {
  await expect(createBackend({ device: 'cpu', unsafeNoRobustness: true })).rejects.toMatchObject({
    code: 'CONFIG',
  });
  await expect(requestAdapter({ software: false, unsafeNoRobustness: true })).rejects.toMatchObject({
    code: 'CONFIG',
  });
});
