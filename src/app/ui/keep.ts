import type { Client } from './client.js';
import { byId } from './dom.js';
import { saying } from './failures.js';

/** Saving what was made as files. */
export function openKeep(client: Client): void {
  byId('export').addEventListener('click', () =>
    saying('keep-error', async () => {
      const { name, bytes } = await client.call('exportModel');
      save(name, new Blob([bytes], { type: 'application/octet-stream' }));
    }),
  );
  const report = byId<HTMLButtonElement>('report');
  report.addEventListener('click', async () => {
    report.disabled = true;
    report.textContent = 'Making the report …';
    await saying('keep-error', async () => {
      save('report.html', new Blob([await client.call('report')], { type: 'text/html' }));
    });
    report.disabled = false;
    report.textContent = 'Save a report';
  });
}

function save(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has the blob by then; without this it would stay as long as the page.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
