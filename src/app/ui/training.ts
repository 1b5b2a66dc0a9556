import { formatted, type Markup } from '../../report/markup.js';
import type { TrainingState } from '../protocol.js';
import { byId, fill, show, toDom } from './dom.js';

/** A screen reader is told this often. */
const SAID_EVERY_MS = 5000;

interface Controls {
  pause(): void;
  goOn(): void;
  stop(): void;
}

/** What is seen of a training while it runs. */
export class TrainingView {
  #paused = false;
  #saidMs = 0;

  constructor(controls: Controls) {
    byId('pause').addEventListener('click', () => {
      if (this.#paused) controls.goOn();
      else controls.pause();
    });
    byId('stop').addEventListener('click', () => controls.stop());
  }

  begin(inEpochs: boolean): void {
    this.#paused = false;
    byId<HTMLProgressElement>('training-bar').value = 0;
    fill('training-text', 'Getting ready …');
    fill('training-said', 'Training has begun.');
    fill('curve');
    fill('pause', 'Pause');
    show('pause', inEpochs);
    fill('stop', inEpochs ? 'Stop and keep' : 'Stop');
    show('training', true);
    byId<HTMLButtonElement>('train').disabled = true;
    byId('training').scrollIntoView({ block: 'nearest' });
  }

  state({ epoch, epochs, share, rate, leftSec, paused }: TrainingState): void {
    this.#paused = paused;
    byId<HTMLProgressElement>('training-bar').value = share;
    fill('pause', paused ? 'Go on' : 'Pause');
    const parts = [
      epochs > 1 ? `round ${epoch} of ${epochs}` : `${Math.round(100 * share)}%`,
      rate > 0 ? `${formatted(Math.round(rate))} users a second` : '',
      paused ? 'paused' : leftSec === undefined ? '' : `at most ${duration(leftSec)} left`,
    ];
    const text = parts.filter((part) => part !== '').join(' · ');
    fill('training-text', text);
    const now = performance.now();
    if (now - this.#saidMs < SAID_EVERY_MS) return;
    this.#saidMs = now;
    fill('training-said', text);
  }

  curve(charts: readonly Markup[]): void {
    fill('curve', ...charts.map(toDom));
  }

  end(said: string): void {
    show('training', false);
    byId<HTMLButtonElement>('train').disabled = false;
    fill('training-said', said);
  }
}

export function duration(sec: number): string {
  if (sec < 90) return `${Math.max(1, Math.round(sec))} s`;
  return sec < 5400 ? `${Math.round(sec / 60)} min` : `${(sec / 3600).toFixed(1)} h`;
}
