import type { Named } from '../../explain/who.js';
import { formatted } from '../../report/markup.js';
import type { ModelView, RecommendView } from '../protocol.js';
import type { Client } from './client.js';
import { byId, fill, h, refill } from './dom.js';
import { saying } from './failures.js';

const SEARCH_AFTER_MS = 120;

/** A history that is put together by clicking, and what follows from it. */
export class Taste {
  #history: readonly Named[] = [];
  #suggestions: readonly Named[] = [];
  /** Counts what was asked; answers to what was asked before are dropped. */
  #asked = 0;
  #searched = 0;

  constructor(private readonly client: Client) {
    const search = byId<HTMLInputElement>('search');
    let timer = 0;
    search.addEventListener('input', () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => this.#search(search.value), SEARCH_AFTER_MS);
    });
    search.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') byId('found').querySelector('button')?.click();
    });
    byId('somebody').addEventListener('click', () => this.#somebody());
    byId('empty').addEventListener('click', () => this.#change([]));
  }

  /** Begins again with another model. */
  open({ suggestions, hasUsers }: ModelView): void {
    this.#suggestions = suggestions;
    byId<HTMLButtonElement>('somebody').disabled = !hasUsers;
    byId<HTMLInputElement>('search').value = '';
    this.#offer(suggestions);
    this.#change([]);
  }

  add(item: Named): void {
    if (!this.#history.some((one) => one.item === item.item)) this.#change([...this.#history, item]);
  }

  async #search(text: string): Promise<void> {
    const asked = ++this.#searched;
    const found = text.trim()
      ? await saying('taste-error', () => this.client.call('search', text))
      : this.#suggestions;
    if (found && asked === this.#searched) this.#offer(found);
  }

  #offer(items: readonly Named[]): void {
    const buttons = items.map((item) =>
      h('li', {}, h('button', { type: 'button', class: 'add', onclick: () => this.add(item) }, name(item))),
    );
    fill('found', ...(buttons.length > 0 ? buttons : [h('li', { class: 'soft' }, 'Nothing is called so.')]));
  }

  async #somebody(): Promise<void> {
    const found = await saying('taste-error', () => this.client.call('historyOf', undefined));
    if (found) this.#change(found.items, found.user);
  }

  /** `user`: whose history it is, as it stands in the log. */
  #change(history: readonly Named[], user?: string): void {
    this.#history = history;
    fill('history-title', user === undefined ? 'What they had' : `What ${user} had`);
    refill(
      'history',
      'search',
      ...history.map((item) =>
        h(
          'li',
          {},
          h('span', {}, name(item)),
          h(
            'button',
            {
              type: 'button',
              class: 'remove',
              'aria-label': `Take out ${name(item)}`,
              onclick: () => this.#change(this.#history.filter((one) => one !== item)),
            },
            '×',
          ),
        ),
      ),
    );
    void this.#recommend();
  }

  async #recommend(): Promise<void> {
    const asked = ++this.#asked;
    const history = this.#history.map(({ item }) => item);
    const view = await saying('taste-error', () => this.client.call('recommend', history));
    if (!view || asked !== this.#asked) return;
    const reasons = this.#showRecommended(view);
    if (view.source === 'fallback') return;
    for (const [place, { item }] of view.items.entries()) {
      const text = await saying('taste-error', () => this.client.call('why', { history, item }));
      if (asked !== this.#asked || text === undefined) return;
      reasons[place].textContent = text;
    }
  }

  #showRecommended({ items, source }: RecommendView): HTMLElement[] {
    const reasons = items.map(() => h('small', {}));
    const shown = (score: number) => (source === 'fallback' ? `${formatted(score)} users` : score.toFixed(3));
    fill('source', source === 'fallback' ? 'Nothing is known of them yet: these are the bestsellers.' : '');
    refill(
      'recommended',
      'search',
      ...items.map((item, i) =>
        h(
          'li',
          { 'data-item': item.item },
          h('button', { type: 'button', class: 'add', onclick: () => this.add(item) }, name(item)),
          h('data', { class: 'number', value: item.score, title: 'score' }, shown(item.score)),
          reasons[i],
        ),
      ),
    );
    return reasons;
  }
}

const name = ({ item, title }: Named): string => title ?? item;
