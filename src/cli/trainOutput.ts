import { stat } from 'node:fs/promises';
import type { Backend } from '../backend/backend.js';
import { formatBytes } from '../data/formatReport.js';
import type { EpochEvent, MemberEvent, TrainEvent } from '../events.js';
import type { Fit } from '../recommend/fit.js';
import { softmaxOf } from '../recommend/large.js';
import { leftOut } from '../recommend/provenance.js';
import { deviceText } from './device.js';
import { metricsTable, protocolLine } from './figures.js';
import type { Output } from './output.js';
import { Progress } from './progress.js';
import { count, duration, facts } from './table.js';
import { tunedText } from './tune.js';

/** Epochs as they end: lines and a bar for people, JSON lines for machines. */
export class EpochPrinter {
  /** The last epoch that was measured. */
  last: EpochEvent | undefined;
  readonly #progress: Progress;
  #words = '';

  constructor(private readonly out: Output) {
    this.#progress = new Progress(out);
  }

  print(event: TrainEvent): void {
    if (event.event === 'step') {
      const { epoch, epochs, step, steps } = event;
      const words = `epoch ${epoch}/${epochs}${this.#words}`;
      this.#progress.update((epoch - 1 + step / steps) / epochs, words);
    } else if (event.event === 'epoch') this.#epoch(event);
    else if (event.event === 'tuned') this.out.note(tunedText(event));
    else if (event.event === 'member') this.#member(event);
    else this.out.warn(event.message);
  }

  #member({ model, member, members }: MemberEvent): void {
    this.last = undefined;
    this.#words = '';
    this.#progress.line(`member ${member} of ${members}: ${model}`);
  }

  #epoch(event: EpochEvent): void {
    const { epoch, epochs, loss, validation, ms, examplesPerSec, best } = event;
    if (validation) this.last = event;
    if (this.out.isJson) {
      this.out.json({
        event: 'epoch',
        epoch,
        loss,
        ...(validation && { validation }),
        ms: Math.round(ms),
        examplesPerSec: Math.round(examplesPerSec),
      });
      return;
    }
    const rate = `${count(examplesPerSec)} users/s`;
    this.#words = `, ${rate}`;
    const figures = Object.entries(validation ?? {}).map(([name, value]) => `  ${name} ${value.toFixed(4)}`);
    const place = `${String(epoch).padStart(String(epochs).length)}/${epochs}`;
    this.#progress.line(
      `epoch ${place}  loss ${loss.toPrecision(5)}${figures.join('')}  ${rate}${best ? '  best so far' : ''}`,
    );
  }

  end(): void {
    this.#progress.end();
  }
}

/** Of a loss that was estimated: from what. */
function softmaxFact({ model }: Fit['recommender']): [string, string][] {
  const { softmax } = softmaxOf(model);
  if (softmax?.kind !== 'sampled') return [];
  return [['softmax', `estimated from ${count(softmax.samples)} items drawn a step (--softmax full: all)`]];
}

/** What a training came to: figures with their protocol, and what it took. */
export async function trainSummary(
  { recommender, split, training, test, blend }: Fit,
  {
    backend,
    out,
    file,
    ms,
    last,
  }: { backend: Backend; out: Output; file: string; ms: number; last?: EpochEvent },
): Promise<string> {
  const { size } = await stat(file);
  const name = recommender.model.name;
  const parts: string[] = [];
  if (test) {
    const columns = [
      { name, metrics: test.model.metrics },
      ...(name === 'popular' ? [] : [{ name: 'popular', metrics: test.popular.metrics }]),
    ];
    parts.push(metricsTable(columns, out), '');
    const { cold, skipped } = leftOut(split.test);
    parts.push(
      protocolLine({
        split: split.name,
        seed: split.seed,
        leaks: split.leaks,
        ties: test.model.ties,
        users: { scored: test.model.users.scored, skipped: skipped + test.model.users.skipped, cold },
      }),
    );
  } else {
    const figures = Object.entries(last?.validation ?? {}).map(
      ([metric, value]) => `${metric} ${value.toFixed(4)}`,
    );
    const validated = figures.length > 0 ? `; validation of epoch ${last?.epoch}: ${figures.join(', ')}` : '';
    parts.push(`no test part was held out${validated}`);
  }
  const { rows } = split.train;
  const best = training
    ? `epoch ${training.bestEpoch} of ${training.epochs}${training.stopped === 'patience' ? ' (no better one came)' : ''}`
    : blend
      ? blendText(blend)
      : 'nothing to train';
  parts.push(
    facts([
      ['trained on', `${count(rows)} users, ${count(recommender.model.items)} items`],
      ['weights', best],
      ...softmaxFact(recommender),
      ['device', deviceText(backend.device)],
      ['time', `${duration(ms)}, at most ${formatBytes(backend.peakBytes)} on the device`],
      ['model', `${file}, ${formatBytes(size)}`],
    ]),
  );
  return parts.join('\n');
}

/** E.g. "ease 0.4 + ials 0.6, by ndcg@100 of 604 validation users". */
function blendText({ members, weights, chosenBy, metric, users }: NonNullable<Fit['blend']>): string {
  const sum = members.map((model, m) => `${model} ${weights[m].toFixed(2)}`).join(' + ');
  if (chosenBy === 'validation') return `${sum}, by ${metric} of ${users} validation users`;
  return `${sum}, ${chosenBy === 'asked' ? 'as asked for' : 'all equal'}`;
}
