import pico from 'picocolors';

type Stream = NodeJS.WriteStream;

/** Colours only on a terminal, and never under NO_COLOR. */
const coloured = (stream: Stream): boolean =>
  stream.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';

// A reader that goes away (`| head`) is no failure: the work goes on, its output goes nowhere.
let readerGone = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  readerGone = true;
});

/** Data goes to stdout, everything that is about the work to stderr. */
export class Output {
  /** Colours of stdout and of stderr. */
  readonly paint = pico.createColors(coloured(process.stdout));
  readonly paintErr = pico.createColors(coloured(process.stderr));
  /** Clears what stands on the terminal's current line; set while a progress bar stands there. */
  beforeLine: () => void = () => {};

  constructor(
    readonly isJson: boolean,
    readonly isQuiet: boolean,
  ) {}

  /** Whether progress and notes are to be seen. */
  get talks(): boolean {
    return !this.isJson && !this.isQuiet;
  }

  /** Columns of the terminal that data goes to; no limit elsewhere. */
  get columns(): number {
    return process.stdout.isTTY === true ? process.stdout.columns : Number.POSITIVE_INFINITY;
  }

  /** Text data. */
  data(text: string): void {
    if (!readerGone) process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** One JSON document, or one line of several. */
  json(value: unknown): void {
    this.data(JSON.stringify(value));
  }

  /** What a person may want to know. */
  note(text: string): void {
    if (this.talks) this.#error(this.paintErr.dim(text));
  }

  /** What a person must know. */
  warn(text: string): void {
    this.#error(`${this.paintErr.yellow('notice')}  ${text}`);
  }

  #error(text: string): void {
    this.beforeLine();
    process.stderr.write(`${text}\n`);
  }
}
