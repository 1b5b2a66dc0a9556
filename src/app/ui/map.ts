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
    fill('groups');
    fill('groups-said', 'Looking for groups …');
    const view = await saying('groups', () => this.client.call('groups'));
    if (asked !== this.#asked) return;
    fill('groups-said');
    if (!view) return;
    fill('groups', ...view.body.map(toDom));
    // What the mouse can do, keys can.
    for (const item of byId('groups').querySelectorAll('li[data-item]')) {
      item.replaceChildren(h('button', { type: 'button', class: 'plain' }, item.textContent ?? ''));
    }
  }
}
