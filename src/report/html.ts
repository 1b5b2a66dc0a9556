import type { ReportContents } from './collect.js';
import { dataSection } from './dataSection.js';
import { formatted } from './markup.js';
import { pageHtml } from './page.js';
import {
  examplesSection,
  figuresSection,
  groupsSection,
  importanceSection,
  madeOf,
  protocolSection,
  trainingSection,
} from './sections.js';

/** A report on a model as one self-contained HTML file. */
export function reportHtml(contents: ReportContents): string {
  const { data } = madeOf(contents);
  const { device } = contents.manifest as { device?: { adapter: string; kind: string } };
  const kind = device?.kind === 'gpu' ? 'hardware GPU' : device?.kind;
  return pageHtml({
    title: `foldin: ${contents.model} over ${formatted(contents.items)} items`,
    note: `${formatted(contents.users)} users.${device ? ` Trained on ${device.adapter} (${kind}).` : ''}`,
    sections: [
      data && dataSection(data.report, data.files),
      trainingSection(contents),
      figuresSection(contents),
      groupsSection(contents),
      importanceSection(contents),
      examplesSection(contents),
      protocolSection(contents),
    ].filter((section) => section !== undefined),
  });
}
