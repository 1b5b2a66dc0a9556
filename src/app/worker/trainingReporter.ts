import type { TrainEvent } from '../../events.js';
import { lossChart, validationChart } from '../../report/curves.js';
import type { Markup } from '../../report/markup.js';
import { type CurvePoint, curvePoint } from '../../train/curve.js';
import type { Told } from '../protocol.js';

/** The page has other things to do than to follow every step. */
const STATE_EVERY_MS = 200;
const CURVE_EVERY_MS = 500;

/** Turns the events of a training into what the page shows of it. */
export class TrainingReporter {
  #curve: CurvePoint[] = [];
  #state = { epoch: 1, epochs: 1, share: 0, rate: 0 };
  #paused = false;
  #toldMs = Number.NEGATIVE_INFINITY;
  #drawnMs = Number.NEGATIVE_INFINITY;
  /** Where the time left is counted from: the share done then, and how long it has been running since. */
  #from: number | undefined;
  #ranMs = 0;
  #heardMs = performance.now();

  constructor(private readonly tell: (told: Told) => void) {}

  hear(event: TrainEvent): void {
    const now = performance.now();
    if (!this.#paused) this.#ranMs += now - this.#heardMs;
    this.#heardMs = now;
    if (event.event === 'tuned' || event.event === 'member') return;
    if (event.event === 'notice') {
      this.tell({ event: 'notice', message: event.message });
      return;
    }
    if (event.event === 'epoch') {
      // After a lost device some epochs come again.
      this.#curve = [...this.#curve.filter(({ epoch }) => epoch < event.epoch), curvePoint(event)];
      this.#state = { ...this.#state, rate: event.examplesPerSec };
    } else {
      const { epoch, epochs, step, steps } = event;
      const share = (epoch - 1 + step / steps) / epochs;
      if (this.#from === undefined || share < this.#state.share) {
        this.#from = share;
        this.#ranMs = 0;
      }
      this.#state = { ...this.#state, epoch, epochs, share };
    }
    if (now - this.#toldMs >= STATE_EVERY_MS) this.#tellState();
    if (event.event === 'epoch' && now - this.#drawnMs >= CURVE_EVERY_MS) this.#draw();
  }

  pause(paused: boolean): void {
    const now = performance.now();
    if (!this.#paused) this.#ranMs += now - this.#heardMs;
    this.#heardMs = now;
    this.#paused = paused;
    this.#tellState();
  }

  end(): void {
    this.#draw();
  }

  #tellState(): void {
    this.#toldMs = performance.now();
    const { share } = this.#state;
    const done = share - (this.#from ?? share);
    const leftSec = done > 0 ? ((this.#ranMs / done) * (1 - share)) / 1000 : undefined;
    this.tell({ event: 'training', ...this.#state, leftSec, paused: this.#paused });
  }

  #draw(): void {
    this.#drawnMs = performance.now();
    this.tell({ event: 'curve', charts: curveCharts(this.#curve, { table: false }) });
  }
}

/** Loss and validation by epoch; nothing before there are two epochs. */
export function curveCharts(curve: readonly CurvePoint[], options: { table: boolean }): Markup[] {
  return [lossChart(curve, options), validationChart(curve, options)].filter((chart) => chart !== undefined);
}
