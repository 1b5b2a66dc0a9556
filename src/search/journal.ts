import { FoldinError } from '../errors.js';
import type { RungValue } from './halving.js';
import type { TrialOptions } from './spaces.js';

/** What became of one trial. */
export interface Trial {
  readonly model: string;
  /** From 0, which is the model's defaults. */
  readonly trial: number;
  readonly options: TrialOptions;
  /** `stopped`: others were better at the same epoch; `failed`: it diverged or did not fit. */
  readonly status: 'done' | 'stopped' | 'failed';
  /** The best validation; null where it failed. */
  readonly value: number | null;
  readonly rungs: readonly RungValue[];
  readonly epochs: number;
  readonly ms: number;
  /** Why it failed. */
  readonly reason?: string;
}

/** What a search to be gone on with must share with the interrupted one; plain JSON. */
export type SearchedWith = Readonly<Record<string, unknown>>;

/** A journal's first line. */
export const journalHead = (searchedWith: SearchedWith): string =>
  `${JSON.stringify({ journal: 1, ...searchedWith })}\n`;

export const journalLine = (trial: Trial): string => `${JSON.stringify(trial)}\n`;

/**
 * The trials of a journal. A last line that was cut off is left out. LOG_FORMAT for a file that is no journal, CONFIG,
 * naming the first difference, for one of another search.
 */
export function readJournal(text: string, searchedWith: SearchedWith, file: string): Trial[] {
  const lines = text.split('\n');
  // What stands after the last newline was never finished.
  const whole = lines.slice(0, -1).filter((line) => line !== '');
  if (whole.length === 0) return [];
  const [head, ...trials] = whole.map((line, n) => parsed(line, file, n + 1));
  if (head['journal'] !== 1) throw noJournal(file, 1);
  for (const [name, now] of Object.entries(searchedWith)) {
    const [was, is] = [head[name], now].map((value) => JSON.stringify(value ?? null));
    if (was === is) continue;
    throw new FoldinError('CONFIG', `${file} is of a search with ${name} ${was}, not ${is}`, {
      remedy: 'Give the log and the options of that search, or another --journal.',
      details: { file, name },
    });
  }
  return trials as unknown as Trial[];
}

function parsed(line: string, file: string, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw noJournal(file, number);
}

const noJournal = (file: string, line: number): FoldinError =>
  new FoldinError('LOG_FORMAT', `${file}, line ${line}: this is no journal of a search`, {
    remedy: 'Give the file that --journal wrote, or the path of a new one.',
    details: { file, line },
  });
