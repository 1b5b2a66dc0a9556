import type { Output } from './output.js';
import { duration } from './table.js';

const LINE_EVERY_MS = 1000;
const BAR_EVERY_MS = 100;
const BAR_WIDTH = 24;

/**
 * Progress of long work on stderr: a bar with time left on a terminal, and lines of text, at most one a second.
 * Nothing at all under --quiet and --json.
 */
export class Progress {
  readonly #started = performance.now();
  readonly #isTerminal: boolean;
  #lastLineMs = Number.NEGATIVE_INFINITY;
  #lastBarMs = Number.NEGATIVE_INFINITY;
  #pending: string | undefined;
  #bar = '';
  #startShare: number | undefined;

  constructor(private readonly out: Output) {
    this.#isTerminal = process.stderr.isTTY === true && out.talks;
    if (this.#isTerminal) out.beforeLine = () => this.#clear();
  }

  /** `share` of all the work that is done, with a few words; undefined where it is not known. */
  update(share: number | undefined, words: string): void {
    if (!this.#isTerminal) return;
    const now = performance.now();
    if (now - this.#lastBarMs < BAR_EVERY_MS) return;
    this.#lastBarMs = now;
    if (share === undefined) {
      this.#draw(words);
      return;
    }
    this.#startShare ??= share;
    const done = share - this.#startShare;
    const leftMs = done > 0 ? ((now - this.#started) * (1 - share)) / done : Number.NaN;
    const full = Math.round(BAR_WIDTH * Math.min(1, share));
    const bar = `${'#'.repeat(full)}${'-'.repeat(BAR_WIDTH - full)}`;
    const left = Number.isFinite(leftMs) ? `, at most ${duration(leftMs)} left` : '';
    this.#draw(`[${bar}] ${words}${left}`);
  }

  /** A line that stays; of lines in quick succession only some are printed, but always the last. */
  line(text: string): void {
    if (!this.out.talks) return;
    const now = performance.now();
    if (now - this.#lastLineMs < LINE_EVERY_MS) {
      this.#pending = text;
      return;
    }
    this.#lastLineMs = now;
    this.#pending = undefined;
    this.#print(text);
  }

  /** Ends the progress: the last line is printed, the bar goes. */
  end(): void {
    if (this.#pending !== undefined) this.#print(this.#pending);
    this.#pending = undefined;
    this.#clear();
    this.out.beforeLine = () => {};
  }

  #print(text: string): void {
    this.#clear();
    process.stderr.write(`${text}\n`);
  }

  #draw(text: string): void {
    const width = (process.stderr.columns || 80) - 1;
    this.#bar = text.slice(0, width);
    process.stderr.write(`\r\x1b[2K${this.#bar}`);
  }

  #clear(): void {
    if (this.#bar !== '') process.stderr.write('\r\x1b[2K');
    this.#bar = '';
  }
}
