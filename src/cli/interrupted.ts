import { FoldinError } from '../errors.js';
import type { Checkpointer } from './checkpoints.js';
import { withoutPassword } from './sources.js';

/** An interrupted training says how to go on with it. */
export function stopped(
  error: unknown,
  { argv, resumed }: { readonly argv: readonly string[]; readonly resumed: string | undefined },
  checkpoints: Checkpointer,
): unknown {
  if (!(error instanceof FoldinError) || error.code !== 'ABORTED') return error;
  const file = checkpoints.savedEpoch > 0 ? checkpoints.path : resumed;
  if (file === undefined) {
    return new FoldinError('ABORTED', 'the training was stopped before the first checkpoint', {
      remedy:
        'Start it again. A checkpoint is written every --checkpoint-every seconds, at the end of an epoch.',
      cause: error,
    });
  }
  const epoch = checkpoints.savedEpoch;
  return new FoldinError(
    'ABORTED',
    `the training was stopped${epoch ? `; epoch ${epoch} is saved in ${file}` : ''}`,
    {
      remedy: `Go on with: ${resumeCommand(argv, file)}`,
      cause: error,
    },
  );
}

/** The command that was typed, with --resume. */
export function resumeCommand(argv: readonly string[], file: string): string {
  const kept = argv.filter(
    (word, i) => word !== '--resume' && argv[i - 1] !== '--resume' && !word.startsWith('--resume='),
  );
  return ['foldin', ...kept.map(withoutPassword), '--resume', file].map(quoted).join(' ');
}

const quoted = (word: string): string =>
  /^[\w@%+=:,./\\-]+$/.test(word)
    ? word
    : process.platform === 'win32'
      ? `"${word}"`
      : `'${word.replaceAll("'", `'\\''`)}'`;
