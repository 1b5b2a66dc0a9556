import type { CleanOptions } from '../data/clean.js';
import type { LogReading } from '../data/readLog.js';
import type { Report } from '../data/report.js';
import type { SplitSpec } from '../data/splitBy.js';
import type { EvaluationSet } from '../data/splitTypes.js';
import { FoldinError } from '../errors.js';
import type { Manifest } from '../store/modelFile.js';

/** What checking every kernel on an adapter found; stamped into the models trained on it. */
export interface Verification {
  readonly adapter: string;
  readonly driver: string;
  readonly passed: boolean;
  /** How many kernel cases were run. */
  readonly cases: number;
  /** The version whose kernels they were. */
  readonly foldin: string;
}

/** How the command line or the page made a model, in its manifest beside what `fit` writes: enough to do it again. */
export interface Provenance {
  readonly data: {
    readonly fingerprint: string;
    /** Base names only: a path says where somebody works. */
    readonly files: readonly string[];
    readonly report: Report;
  };
  readonly reading: LogReading;
  readonly cleaning: CleanOptions;
  readonly splitOptions: SplitSpec;
  /** Users of the test part that cannot be scored. */
  readonly testLeftOut: { readonly cold: number; readonly skipped: number };
  /** Of the kernels on the adapter it was trained on; null when they were never verified there. */
  readonly verified: Verification | null;
}

export function provenance(parts: {
  readonly fingerprint: string;
  readonly files: readonly string[];
  readonly report: Report;
  readonly reading: LogReading;
  readonly cleaning: CleanOptions;
  readonly splitOptions: SplitSpec;
  readonly test: EvaluationSet;
  readonly verified: Verification | null;
  /** What a file is called: its base name unless told otherwise. */
  readonly nameOf?: (file: string) => string;
}): Provenance {
  const {
    fingerprint,
    files,
    report,
    reading,
    cleaning,
    splitOptions,
    test,
    verified,
    nameOf = baseName,
  } = parts;
  const badRows = report.badRows.map((row) => ({ ...row, file: nameOf(row.file) }));
  return {
    data: { fingerprint, files: files.map(nameOf), report: { ...report, badRows } },
    reading,
    cleaning,
    splitOptions,
    testLeftOut: leftOut(test),
    verified,
  };
}

const baseName = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);

export const leftOut = ({ cold = 0, skipped = 0 }: EvaluationSet) => ({ cold, skipped });

/** What `provenance` wrote. CONFIG for a model that was made by a program that left it out. */
export function provenanceOf(manifest: Manifest): Provenance {
  const found = manifest as unknown as Partial<Provenance>;
  if (found.data && found.reading && found.cleaning && found.splitOptions) return found as Provenance;
  throw new FoldinError('CONFIG', 'the model file does not say how its log was read, cleaned and split', {
    remedy: 'Evaluate it with --foldin FILE --heldout FILE, or train it with "foldin train".',
  });
}
