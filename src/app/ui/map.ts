import type { Named } from '../../explain/who.js';
import type { Client } from './client.js';
import { byId, fill, h, toDom } from './dom.js';
import { saying } from './failures.js';

/** Groups of users and the map of them. What stands for an item adds it to the history when it is clicked. */
export class GroupMap {
  #asked = 0;

  constructor(
    private readonly client: Client,
    add: (item: Named) => void,
  ) {
    byId('groups').addEventListener('click', ({ target }) => {
      const mark = (target as Element).closest('[data-item]');
      const item = mark?.getAttribute('data-item');
      if (!mark || !item) return;
      const title = mark.querySelector('title')?.textContent ?? mark.getAttribute('data-title');
      add({ item, ...(title && { title }) });
    });
  }

  async open(): Promise<void> {
    const asked = ++this.#asked;
    fill('groups', h('p', { class: 'soft' }, 'Looking for groups …'));
    const view = await saying('groups', () => this.client.call('groups'));
    if (view && asked === this.#asked) fill('groups', ...view.body.map(toDom));
  }
}
