import { element, formatted, type Markup, type MarkupElement, tableOf } from './markup.js';
import { linear, type Scale } from './scale.js';

/** What every chart says of itself. */
export interface ChartText {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** What there is to see, for those who cannot. */
  readonly description: string;
}

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Ends of its interval. */
  readonly interval?: readonly [low: number, high: number];
}

const WIDTH = 640;
const HEIGHT = 320;
const LEFT = 96;
const RIGHT = 16;
const TOP = 16;
const BOTTOM = 64;
const COLOURS = 12;

/** The class that gives the nth series or group its colour. */
const colourOf = (n: number): string => `c${(n % COLOURS) + 1}`;

export interface LineOptions {
  /** Whether the figures stand below as a table, too; they do unless told otherwise. */
  readonly table?: boolean;
  /** Whether x counts something: then ticks are whole numbers. */
  readonly wholeX?: boolean;
}

/** Lines over numbers. */
export function lineChart(
  text: ChartText,
  series: readonly Series[],
  { table: withTable = true, wholeX = false }: LineOptions = {},
): MarkupElement {
  const all = series.flatMap(({ points }) => points);
  const xs = all.map(([x]) => x);
  const ys = all.map(([, y]) => y);
  const x = linear(Math.min(...xs), Math.max(...xs), LEFT, WIDTH - RIGHT, {
    count: 8,
    least: wholeX ? 1 : 0,
  });
  const y = linear(Math.min(...ys), Math.max(...ys), HEIGHT - BOTTOM, TOP);
  const lines = series.map(({ points }, n) =>
    element('polyline', {
      class: `line ${colourOf(n)}`,
      points: points.map(([a, b]) => `${x.at(a).toFixed(1)},${y.at(b).toFixed(1)}`).join(' '),
    }),
  );
  const figures = (): Markup =>
    tableOf(
      [text.xLabel, ...series.map(({ name }) => name)],
      [...new Set(xs)]
        .sort((a, b) => a - b)
        .map((at) => [at, ...series.map(({ points }) => points.find(([a]) => a === at)?.[1] ?? '')]),
    );
  const names = series.length > 1 ? series.map(({ name }) => name) : [];
  return figure(text, names, [...axes(text, y, x), ...lines], withTable ? figures() : undefined);
}

/** Bars side by side for each label, one of each series; intervals as whiskers. */
export function barChart(
  text: ChartText,
  series: readonly { readonly name: string; readonly bars: readonly Bar[] }[],
): MarkupElement {
  const labels = series[0].bars.map(({ label }) => label);
  const tops = series.flatMap(({ bars }) => bars.map(({ value, interval }) => interval?.[1] ?? value));
  const y = linear(0, Math.max(...tops, 1e-9), HEIGHT - BOTTOM, TOP);
  const slot = (WIDTH - LEFT - RIGHT) / labels.length;
  const width = Math.min(48, (0.8 * slot) / series.length);
  const centre = (i: number) => LEFT + (i + 0.5) * slot;
  const drawn = series.flatMap(({ bars }, n) =>
    bars.flatMap(({ value, interval }, i) => {
      const middle = centre(i) + (n - (series.length - 1) / 2) * width;
      const bar = element('rect', {
        class: colourOf(n),
        x: middle - 0.45 * width,
        y: y.at(value),
        width: 0.9 * width,
        height: y.at(0) - y.at(value),
      });
      if (!interval) return [bar];
      const [low, high] = [y.at(interval[0]), y.at(interval[1])];
      return [
        bar,
        element('path', { class: 'whisker', d: `M${round(middle)} ${round(low)}V${round(high)}` }),
      ];
    }),
  );
  const names = labels.map((label, i) =>
    element('text', { class: 'tick', x: centre(i), y: HEIGHT - BOTTOM + 24, 'text-anchor': 'middle' }, label),
  );
  const table = tableOf(
    [text.xLabel, ...series.flatMap(({ name }) => [name, `${name}, interval`])],
    labels.map((label, i) => [
      label,
      ...series.flatMap(({ bars }): (string | number)[] => [
        bars[i].value,
        bars[i].interval ? bars[i].interval.map(formatted).join(' to ') : '',
      ]),
    ]),
  );
  const legend = series.length > 1 ? series.map(({ name }) => name) : [];
  return figure(text, legend, [...axes(text, y), ...drawn, ...names], table);
}

export interface Dot {
  readonly x: number;
  readonly y: number;
  /** Its place among `names`. */
  readonly group: number;
  readonly label?: string;
  /** The item it stands for, which a page may act on. */
  readonly item?: string;
}

/** Points in a plane without units, coloured by group. */
export function scatterChart(text: ChartText, names: readonly string[], dots: readonly Dot[]): MarkupElement {
  const size = HEIGHT + 80;
  // One scale for both axes, or distances would mean nothing.
  const [xs, ys] = [dots.map(({ x }) => x), dots.map(({ y }) => y)];
  const range = (all: number[]) => [Math.min(...all, 0), Math.max(...all, 0)];
  const [[left, right], [low, high]] = [range(xs), range(ys)];
  const scale = Math.min((WIDTH - 64) / (right - left || 1), (size - 32) / (high - low || 1));
  const across = (x: number) => WIDTH / 2 + (x - (left + right) / 2) * scale;
  const up = (y: number) => size / 2 - (y - (low + high) / 2) * scale;
  const drawn = dots.map(({ x, y, group, label, item }) =>
    element(
      'circle',
      {
        class: `dot ${colourOf(group)}`,
        cx: across(x),
        cy: up(y),
        r: label ? 4 : 2.5,
        ...(item !== undefined && { 'data-item': item }),
      },
      ...(label ? [element('title', {}, label)] : []),
    ),
  );
  const axis = [
    element('text', { class: 'label', x: WIDTH / 2, y: size + 20, 'text-anchor': 'middle' }, text.xLabel),
    element(
      'text',
      { class: 'label', x: -size / 2, y: 18, transform: 'rotate(-90)', 'text-anchor': 'middle' },
      text.yLabel,
    ),
  ];
  const counts = names.map((_, group) => dots.filter((dot) => dot.group === group).length);
  const table = tableOf(
    ['group', 'points'],
    names.map((name, group) => [name, counts[group]]),
  );
  return figure(text, names, [...drawn, ...axis], table, size + 28);
}

/** The axes with ticks, lines across and labels; without `x` the labels below are drawn by the caller. */
function axes({ xLabel, yLabel }: ChartText, y: Scale, x?: Scale): Markup[] {
  const bottom = HEIGHT - BOTTOM;
  const across = y.ticks.flatMap((tick) => [
    element('path', { class: 'grid', d: `M${LEFT} ${round(y.at(tick))}H${WIDTH - RIGHT}` }),
    element('text', { class: 'tick', x: LEFT - 8, y: y.at(tick) + 4, 'text-anchor': 'end' }, formatted(tick)),
  ]);
  const below = (x?.ticks ?? []).map((tick) =>
    element(
      'text',
      { class: 'tick', x: x!.at(tick), y: bottom + 24, 'text-anchor': 'middle' },
      formatted(tick),
    ),
  );
  const middle = (LEFT + WIDTH - RIGHT) / 2;
  return [
    ...across,
    ...below,
    element('text', { class: 'label', x: middle, y: HEIGHT - 12, 'text-anchor': 'middle' }, xLabel),
    element(
      'text',
      { class: 'label', x: -(TOP + bottom) / 2, y: 18, transform: 'rotate(-90)', 'text-anchor': 'middle' },
      yLabel,
    ),
  ];
}

function figure(
  { title, description }: ChartText,
  legend: readonly string[],
  inside: readonly Markup[],
  table: Markup | undefined,
  height = HEIGHT,
): MarkupElement {
  const keys = legend.map((name, n) =>
    element('li', {}, element('span', { class: `key ${colourOf(n)}` }), name),
  );
  return element(
    'figure',
    {},
    element('figcaption', {}, title),
    ...(keys.length > 0 ? [element('ul', { class: 'legend' }, ...keys)] : []),
    element(
      'svg',
      { viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', 'aria-label': `${title}. ${description}` },
      ...inside,
    ),
    ...(table ? [element('details', {}, element('summary', {}, 'the figures'), table)] : []),
  );
}

const round = (x: number): number => Math.round(10 * x) / 10;
