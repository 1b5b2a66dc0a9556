import { FoldinError } from '../errors.js';

export interface BadRow {
  readonly file: string;
  /** Physical line, from 1. */
  readonly line: number;
  readonly reason: string;
}

export interface BadRowOptions {
  /**
   * The share of rows that may be bad, 0.01 by default; ten rows always may, so that a small file with a
   * slip or two is read. 0 means none. Rows without a user or an item do not count: a shop sells to people it does not
   * know, and that is no fault of the file. They are left out and reported all the same.
   */
  maxBadRows?: number;
  /** Stop at the first bad row. */
  strict?: boolean;
}

const SHOWN = 10;
/** Rows without a user or an item are all alike: a few show where they are, and leave room for the others. */
const SHOWN_MISSING = 3;

/** Reasons of rows that tell of nobody, or of nothing; as readers give them. */
const NO_USER = 'empty user id';
const NO_ITEM = 'empty item id';

/** Counts the rows left out, keeps the first ten, and stops the reading when there are too many. */
export class BadRows {
  /** Rows left out by reason. */
  readonly dropped: Record<string, number> = {};
  total = 0;
  /** Those to show, in the order of the files. */
  readonly #shown: { readonly row: BadRow; readonly isMissing: boolean }[] = [];
  readonly #strict: boolean;
  readonly #share: number;

  constructor({ maxBadRows = 0.01, strict = false }: BadRowOptions) {
    if (!(maxBadRows >= 0 && maxBadRows <= 1)) {
      throw new FoldinError('CONFIG', `maxBadRows is ${maxBadRows}, not a share`, {
        remedy: 'Give a number from 0 to 1, such as 0.01 for 1%.',
      });
    }
    this.#strict = strict;
    this.#share = maxBadRows;
  }

  /** `detail` says what the row held, `lines` how many lines it took: a stray quote may swallow many. */
  add(file: string, line: number, reason: string, detail = '', lines = 1): void {
    this.addCount(reason, lines);
    const span = lines > 1 ? ` (lines ${line} to ${line + lines - 1})` : '';
    const bad = { file, line, reason: (detail ? `${reason}: ${detail}` : reason) + span };
    this.#show(bad, reason === NO_USER || reason === NO_ITEM);
    if (this.#strict) throw this.#error(`${file}, line ${line}: ${bad.reason}`);
  }

  /** The first of them. */
  get first(): readonly BadRow[] {
    return this.#shown.map(({ row }) => row);
  }

  /** Where there are too many to show, those without a user or an item make room. */
  #show(row: BadRow, isMissing: boolean): void {
    const alike = this.#shown.filter((other) => other.isMissing === isMissing).length;
    if (alike >= (isMissing ? SHOWN_MISSING : SHOWN)) return;
    if (this.#shown.length === SHOWN) {
      if (isMissing) return;
      this.#shown.splice(this.#shown.map((other) => other.isMissing).lastIndexOf(true), 1);
    }
    this.#shown.push({ row, isMissing });
  }

  /** Counts further rows of a reason without naming them. */
  addCount(reason: string, rows: number): void {
    if (rows > 0) this.dropped[reason] = (this.dropped[reason] ?? 0) + rows;
    this.total += rows;
  }

  /** Rows left out because they have no user, or no item. */
  get missing(): { readonly user: number; readonly item: number } {
    return { user: this.dropped[NO_USER] ?? 0, item: this.dropped[NO_ITEM] ?? 0 };
  }

  /** Throws LOG_FORMAT when more rows are bad than allowed of the rows read. */
  check(read: number): void {
    const allowed = this.#share === 0 ? 0 : Math.max(10, Math.floor(this.#share * read));
    const bad = this.total - this.missing.user - this.missing.item;
    if (bad <= allowed) return;
    const share = Math.ceil((100 * bad) / read) / 100;
    const first = this.#shown.find(({ isMissing }) => !isMissing)?.row;
    const example = first ? `; the first is ${first.file}, line ${first.line}: ${first.reason}` : '';
    throw this.#error(`${bad} of ${read} rows are unusable, ${allowed} may be${example}`, share);
  }

  #error(message: string, share = 0): FoldinError {
    return new FoldinError('LOG_FORMAT', message, {
      remedy: this.#strict
        ? 'Correct the line, or read without --strict.'
        : `Check the columns that were found, or leave these rows out with --max-bad-rows ${share}.`,
      details: { dropped: this.dropped, badRows: this.first },
    });
  }
}
