import { createBackend } from '../../src/createBackend.js';
import { readItemAttributes } from '../../src/data/attributes.js';
import { type AttributeTable, attributeTable } from '../../src/data/attributeValues.js';
import { clean } from '../../src/data/clean.js';
import type { Interactions } from '../../src/data/interactions.js';
import { readLog } from '../../src/data/readLog.js';
import { dataReport, type Report } from '../../src/data/report.js';
import { sampleCsv, sampleLog } from '../../src/data/sample.js';
import { memorySource } from '../../src/data/source.js';
import { fit } from '../../src/recommend/fit.js';
import type { Recommender } from '../../src/recommend/recommender.js';

/** A title that must be shown as it is, and never be markup. */
const MARKUP = '<b>bold</b> & "quoted"';

/** A network on the sample, one of whose titles is markup. Its backend is the caller's to dispose of. */
export async function trainedOnSample(): Promise<{
  readonly recommender: Recommender;
  /** The categories of the items. */
  readonly known: AttributeTable;
  readonly log: Report;
  readonly interactions: Interactions;
}> {
  const sample = sampleLog({ users: 600, items: 200 });
  const log = await readLog([memorySource('log.csv', sampleCsv(sample).log)]);
  const cleaned = clean(log.rows);
  const report = dataReport(log, cleaned);
  const backend = await createBackend({ device: 'cpu' });
  const titleOf = new Map(sample.items.map(({ item, title }) => [item, title]));
  const titles = cleaned.interactions.items.ids.map((id, i) => (i === 0 ? MARKUP : titleOf.get(id)));
  const { recommender } = await fit(
    backend,
    { ...cleaned.interactions, titles },
    {
      train: { epochs: 12, patience: 0 },
      provenance: { data: { files: ['log.csv'], report } },
    },
  );
  const attributes = await readItemAttributes(memorySource('items.csv', sampleCsv(sample).items));
  const known = attributeTable(recommender.parts.items, attributes, { title: 'unused' });
  return { recommender, known, log: report, interactions: cleaned.interactions };
}
