import type { Report } from '../data/report.js';
import { HISTORY_BUCKETS, historyBucket } from '../evaluate/breakdown.js';
import { inUsualOrder } from '../evaluate/evaluate.js';
import { bootstrapInterval } from '../evaluate/significance.js';
import type { Summary } from '../evaluate/summary.js';
import type { Flow } from '../groups/flow.js';
import { KEPT_METRICS, type TestUsers } from '../recommend/records.js';
import type { CurvePoint } from '../train/curve.js';
import { type Bar, barChart, scatterChart } from './charts.js';
import type { ReportContents } from './collect.js';
import { lossChart, validationChart } from './curves.js';
import { element, formatted, type Markup, note, paragraph, percent, tableOf } from './markup.js';
import type { Section } from './page.js';

/** The parts of a manifest that a report shows, where they are there. */
interface Made {
  readonly data?: { readonly files: readonly string[]; readonly report: Report };
  readonly training?: { readonly curve?: readonly CurvePoint[]; readonly bestEpoch: number };
  readonly split?: {
    readonly name: string;
    readonly seed: number;
    readonly users: Readonly<Record<string, number>>;
  };
  readonly test?: {
    readonly users: { readonly scored: number; readonly skipped: number };
    readonly ties: string;
    readonly metrics: Readonly<Record<string, Summary>>;
    readonly popular: Readonly<Record<string, Summary>>;
    readonly perUser?: TestUsers;
  };
}

/** What is there of them. */
export const madeOf = ({ manifest }: ReportContents): Made => manifest as unknown as Made;

export function trainingSection(contents: ReportContents): Section | undefined {
  const { training } = madeOf(contents);
  const curve = training?.curve ?? [];
  const loss = lossChart(curve);
  if (!training || !loss) return undefined;
  const kept = `The weights of epoch ${training.bestEpoch} were kept.`;
  const validation = validationChart(curve);
  return {
    id: 'training',
    title: 'Training',
    body: [loss, ...(validation ? [validation] : []), paragraph(kept)],
  };
}

export function figuresSection(contents: ReportContents): Section | undefined {
  const { test, split } = madeOf(contents);
  if (!test || !split) return undefined;
  const shown = ({ mean, se }: Summary): string =>
    se === null ? mean.toFixed(4) : `${mean.toFixed(4)} ±\u00a0${se.toFixed(4)}`;
  const metrics = inUsualOrder(Object.keys(test.metrics));
  const rows = metrics.map((metric) => [metric, shown(test.metrics[metric]), shown(test.popular[metric])]);
  const body = [
    note(
      `Mean ± standard error over ${formatted(test.users.scored)} users; split ${split.name}, seed ${split.seed}; full ranking of all unseen items; ties ${test.ties}.`,
    ),
    tableOf(['', contents.model, 'popular'], rows),
    ...(test.perUser ? breakdowns(contents, test.perUser) : []),
  ];
  return { id: 'figures', title: 'How good it is', body };
}

const FEWEST = 5;

/** The main figure by length of history and by group, each with a bootstrap interval of 95%. */
function breakdowns(contents: ReportContents, perUser: TestUsers): Markup[] {
  const metric = KEPT_METRICS.find((kept) => kept in perUser.model);
  if (!metric) return [];
  const places = Array.from(perUser.users.keys());
  const bars = (
    parts: readonly { label: string; places: readonly number[] }[],
    values: readonly number[],
  ): Bar[] =>
    parts.map(({ label, places: mine }) => {
      const chosen = mine.map((i) => values[i]);
      return {
        label,
        value: chosen.reduce((sum, x) => sum + x, 0) / chosen.length,
        interval: bootstrapInterval(chosen),
      };
    });
  const chart = (title: string, xLabel: string, parts: { label: string; places: number[] }[]): Markup[] => {
    const large = parts.filter(({ places: mine }) => mine.length >= FEWEST);
    if (large.length === 0) return [];
    const text = {
      title,
      xLabel,
      yLabel: metric,
      description: `Means with 95% bootstrap intervals; ${large.map(({ label, places: mine }) => `${label}: ${mine.length} users`).join(', ')}.`,
    };
    return [
      barChart(text, [
        { name: contents.model, bars: bars(large, perUser.model[metric]) },
        { name: 'popular', bars: bars(large, perUser.popular[metric]) },
      ]),
      note(text.description),
    ];
  };
  const byLength = HISTORY_BUCKETS.map((label) => ({
    label,
    places: places.filter((p) => historyBucket(perUser.historyLength[p]) === label),
  }));
  const byGroup = contents.groups.groups.map(({ group }) => ({
    label: String(group),
    places: places.filter((p) => contents.groups.assigned[perUser.users[p]] === group - 1),
  }));
  return [
    ...chart(`${metric} by length of history`, 'items in the history shown', byLength),
    ...chart(`${metric} by group of users`, 'group', byGroup),
  ];
}

export function groupsSection({ groups, map }: Pick<ReportContents, 'groups' | 'map'>): Section {
  const names = groups.groups.map(({ group }) => `group ${group}`);
  const how = groups.chosenBy === 'asked' ? 'as asked' : 'the number with the best silhouette';
  const cards = groups.groups.map(({ group, users, share, spread, defining }) =>
    element(
      'div',
      { class: 'card' },
      element('h3', {}, `Group ${group}: ${formatted(users)} users (${percent(share)})`),
      note(`spread ${spread.toFixed(2)} (0 all alike, 1 nothing in common)`),
      element(
        'ul',
        {},
        ...defining.map(({ item, title, share: here, overall }) =>
          element(
            'li',
            { 'data-item': item, 'data-title': title ?? item },
            `${title ?? item}: ${percent(here)} have it, ${percent(overall)} of all`,
          ),
        ),
      ),
    ),
  );
  const text = { xLabel: 'first principal component', yLabel: 'second principal component' };
  const share = `The plane holds ${percent(map.share)} of the variance.`;
  const body = [
    paragraph(`${groups.groups.length} groups (${how}); silhouette ${groups.silhouette.toFixed(2)}.`),
    scatterChart(
      { ...text, title: 'Users by what the model learned of them', description: share },
      names,
      map.users,
    ),
    scatterChart(
      {
        ...text,
        title: 'The most popular items, where their users are',
        description: `${share} Point at one for its name.`,
      },
      names,
      map.items,
    ),
    element('div', { class: 'cards' }, ...cards),
    element('h3', {}, 'How like the groups are'),
    note('Cosine of the groups’ mean tastes: 1 alike, 0 unrelated, -1 opposite.'),
    tableOf(
      ['', ...names],
      groups.relations.map((row, a) => [names[a], ...row.map((x) => x.toFixed(2))]),
    ),
    ...flow(groups.flow, names),
  ];
  return { id: 'groups', title: 'Groups of users', body };
}

function flow(found: Flow | undefined, names: readonly string[]): Markup[] {
  if (!found) return [];
  return [
    element('h3', {}, 'How users move'),
    note(
      `From the group of the earlier half of a history (rows) to that of the later half (columns); ${percent(found.stay)} of ${formatted(found.users)} users stay.`,
    ),
    tableOf(
      ['', ...names],
      found.shares.map((row, a) => [names[a], ...row.map(percent)]),
    ),
  ];
}

export function importanceSection({ importance }: ReportContents): Section {
  const { influential, attributes, units, popularity, users } = importance;
  const lean =
    popularity.ratio > 1
      ? 'the model leans towards the popular'
      : 'the model does not lean towards the popular';
  const body = [
    paragraph(
      `What the items of ${formatted(users)} users’ histories do to the score of what each is recommended first: mean absolute contributions and mean ones, in its units.`,
    ),
    tableOf(
      ['item', 'histories', 'mean absolute', 'mean'],
      influential.map(({ item, title, histories, meanAbsolute, mean }) => [
        title ?? item,
        histories,
        meanAbsolute,
        mean,
      ]),
    ),
    ...(attributes.length > 0
      ? [
          element('h3', {}, 'By attribute of these items'),
          note(
            'A line without a value is the attribute as a whole. A history counts once, with what all its items that have it contribute.',
          ),
          tableOf(
            ['attribute', 'histories', 'mean absolute', 'mean'],
            attributes.map(({ attribute, value, histories, meanAbsolute, mean }) => [
              value === undefined ? attribute : `${attribute}: ${value}`,
              histories,
              meanAbsolute,
              mean,
            ]),
          ),
        ]
      : []),
    paragraph(
      `An item recommended among the first ${popularity.k} has ${formatted(popularity.recommended)} training users on average, an item of the histories ${formatted(popularity.histories)}: ${popularity.ratio.toFixed(2)} times as many, so ${lean}.`,
    ),
    ...(units.length > 0
      ? [
          element('h3', {}, 'What the units before the scores stand for'),
          tableOf(
            ['unit', 'raises most'],
            units.map(({ unit, items }) => [
              String(unit),
              items.map(({ item, title }) => title ?? item).join(', '),
            ]),
          ),
        ]
      : []),
  ];
  return { id: 'importance', title: 'What the model goes by', body };
}

export function examplesSection({ examples }: ReportContents): Section {
  const cards = examples.map(({ user, group, history, more, reasons }) =>
    element(
      'div',
      { class: 'card' },
      element('h3', {}, `User ${user}, group ${group + 1}`),
      note(`had ${history.join(', ')}${more > 0 ? ` and ${more} more` : ''}`),
      element('ol', {}, ...reasons.map(({ text }) => element('li', {}, text))),
    ),
  );
  return {
    id: 'examples',
    title: 'Some users, and why',
    body: [element('div', { class: 'cards' }, ...cards)],
  };
}

export function protocolSection({ manifest }: ReportContents): Section {
  // Long lists are in the charts above.
  const shorter = JSON.stringify(
    manifest,
    (key, value) => (key === 'perUser' || key === 'curve' ? undefined : value),
    2,
  );
  return { id: 'protocol', title: 'How it was made', body: [element('pre', {}, shorter)] };
}
