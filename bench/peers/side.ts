import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface EpochAnswer {
  readonly loss: number;
  readonly ms: number;
  /** Of all threads of the process. */
  readonly cpuMs: number;
}

export interface ListsAnswer {
  readonly items: readonly number[];
  readonly ms: number;
  readonly cpuMs: number;
}

/** One side of the comparison, in a process of its own: it waits, taking no time, while the others work. */
export class Side {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #stderr = '';
  version = '';
  adapter = '';
  kind = '';

  private constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
  ) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.on('error', (error) => {
      this.#stderr += error.message;
    });
    // A side that has died is noticed by its silence.
    this.#child.stdin!.on('error', () => {});
    this.#child.stderr!.on('data', (chunk) => {
      this.#stderr = (this.#stderr + chunk).slice(-4000);
    });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** The side, ready to work, or why it cannot be compared. */
  static async start(name: string, command: string, args: readonly string[]): Promise<Side | string> {
    const side = new Side(name, command, args);
    try {
      const hello = await side.#answer();
      if (hello['absent']) return String(hello['absent']);
      side.version = String(hello['version']);
      side.adapter = String(hello['adapter']);
      side.kind = String(hello['kind'] ?? '');
      return side;
    } catch (error) {
      side.kill();
      return (error as Error).message;
    }
  }

  epoch(): Promise<EpochAnswer> {
    return this.#ask('epoch') as Promise<EpochAnswer & Record<string, unknown>>;
  }

  lists(): Promise<ListsAnswer> {
    return this.#ask('lists') as Promise<ListsAnswer & Record<string, unknown>>;
  }

  /** Ends the process and returns the most memory it has had. */
  async end(): Promise<number> {
    return Number((await this.#ask('end'))['peakBytes']);
  }

  kill(): void {
    this.#child.kill();
  }

  #ask(question: string): Promise<Record<string, unknown>> {
    this.#child.stdin!.write(`${question}\n`);
    return this.#answer();
  }

  /** The next line that is ours: libraries print, too. */
  async #answer(): Promise<Record<string, unknown>> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`${this.name} stopped: ${lastLines(this.#stderr)}`);
      if (!value.startsWith('{')) continue;
      const answer: Record<string, unknown> = JSON.parse(value);
      if (answer['failed']) throw new Error(`${this.name} failed: ${answer['failed']}`);
      return answer;
    }
  }
}

const lastLines = (stderr: string): string =>
  stderr.trim().split('\n').slice(-4).join(' | ') || 'without a word';
