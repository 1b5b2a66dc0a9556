import type { VerifyView } from '../protocol.js';
import type { Client } from './client.js';
import { byId, fill, h, show } from './dom.js';
import { saying } from './failures.js';

/** The check of every kernel. */
export class Checks {
  constructor(client: Client) {
    const button = byId<HTMLButtonElement>('verify');
    button.addEventListener('click', async () => {
      button.disabled = true;
      fill('verify-text', 'Checking …');
      this.progress(0);
      show('verify-bar', true);
      const view = await saying('verified', () => client.call('verify'));
      show('verify-bar', false);
      button.disabled = false;
      fill('verify-text', view ? summary(view) : '');
      if (view) fill('verified', table(view));
    });
  }

  progress(share: number): void {
    byId<HTMLProgressElement>('verify-bar').value = share;
  }
}

const summary = ({ right, cases, device }: VerifyView): string =>
  `${right} of ${cases} cases right on ${device.adapter}.${right < cases ? ' Do not trust what it computes.' : ''}`;

function table({ kernels }: VerifyView): HTMLElement {
  const rows = kernels.map(({ kernel, cases, share, ok, worst }) =>
    h(
      'tr',
      { class: ok ? 'right' : 'wrong' },
      h('th', { scope: 'row' }, kernel),
      h('td', { class: 'number' }, String(cases)),
      h('td', { class: 'number' }, share === 0 ? '0' : share.toPrecision(2)),
      h('td', {}, ok ? 'right' : 'WRONG'),
      h('td', {}, share === 0 ? '' : worst),
    ),
  );
  const heads = ['kernel', 'cases', 'share of the allowed error', '', 'worst case'];
  return h(
    'details',
    {},
    h('summary', {}, 'Kernel by kernel'),
    h(
      'div',
      { class: 'scroll' },
      h(
        'table',
        {},
        h('thead', {}, h('tr', {}, ...heads.map((text) => h('th', { scope: 'col' }, text)))),
        h('tbody', {}, ...rows),
      ),
    ),
  );
}
