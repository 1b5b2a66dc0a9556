import type { Summary } from '../../evaluate/summary.js';
import { formatted, percent } from '../../report/markup.js';
import type { ModelView } from '../protocol.js';
import { fill, h } from './dom.js';
import { METRIC_WORDS, MODEL_WORDS } from './words.js';

/** The figures of a model beside popularity: a few in plain words, all of them behind a fold. */
export function showResults({ model, users, items, device, weights, test }: ModelView): void {
  const kind = device?.kind === 'gpu' ? '' : device?.kind === 'software' ? ', a software adapter' : '';
  const facts = [
    `${MODEL_WORDS[model]?.title ?? model} over ${formatted(items)} items`,
    users > 0 ? `${formatted(users)} users` : '',
    weights && `weights of ${weights}`,
    device ? `computed on ${device.adapter}${kind}` : '',
  ];
  const summary = h('p', { class: 'soft' }, `${facts.filter(Boolean).join('; ')}.`);
  if (!test) {
    fill('metrics', summary, h('p', {}, 'No users were held out to measure by.'));
    return;
  }
  const { metrics, popular, split, seed } = test;
  const isPopular = model === 'popular';
  const row = (text: string, shown: (of: Summary) => string, metric: string) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, text),
      h('td', { class: 'number' }, shown(metrics[metric])),
      ...(isPopular ? [] : [h('td', { class: 'number' }, shown(popular[metric]))]),
    );
  const head = (first: string) =>
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        h('th', { scope: 'col' }, first),
        h('th', { scope: 'col', class: 'number' }, model),
        ...(isPopular ? [] : [h('th', { scope: 'col', class: 'number' }, 'bestsellers')]),
      ),
    );
  const plain = METRIC_WORDS.filter(({ metric }) => metrics[metric]).map(({ metric, text, isShare }) =>
    row(text, ({ mean }) => (isShare ? percent(mean) : mean.toFixed(3)), metric),
  );
  const all = Object.keys(metrics).map((metric) => row(metric, exact, metric));
  const table = (first: string, rows: readonly HTMLElement[]) =>
    h('div', { class: 'scroll' }, h('table', {}, head(first), h('tbody', {}, ...rows)));
  const se = metrics['ndcg@100']?.se;
  const sure = se ? ` The last figure is sure to about ±\u00a0${(2 * se).toFixed(2)}.` : '';
  fill(
    'metrics',
    summary,
    table(`of ${formatted(test.users)} users it never saw`, plain),
    h(
      'p',
      { class: 'soft' },
      `Most of what each of them had is shown, the rest is to be found among all other items.${sure}`,
    ),
    h(
      'details',
      {},
      h('summary', {}, 'All figures'),
      table('mean ± standard error', all),
      h('p', { class: 'soft' }, `Split ${split}, seed ${seed}; full ranking of all unseen items.`),
    ),
  );
}

const exact = ({ mean, se }: Summary): string =>
  se === null ? mean.toFixed(4) : `${mean.toFixed(4)} ±\u00a0${se.toFixed(4)}`;
