import type { CommanderError } from 'commander';
import { FoldinError } from '../errors.js';
import { nearestName } from '../evaluate/nearestName.js';
import type { Output } from './output.js';

/** 0 done, 1 failed, 2 wrong usage. */
export const exitCode = (error: unknown): number =>
  error instanceof FoldinError && (error.code === 'USAGE' || error.code === 'CONFIG') ? 2 : 1;

/** Says on stderr what happened and what to do about it. */
export function reportError(error: unknown, out: Output): void {
  const known = error instanceof FoldinError;
  const { code, message, remedy } = known ? error.toJSON() : bug(error);
  out.beforeLine();
  const { red, bold } = out.paintErr;
  if (process.env['FOLDIN_DEBUG'] === '1') process.stderr.write(`${stackOf(error)}\n`);
  if (out.isJson) process.stderr.write(`${JSON.stringify({ error: { code, message, remedy } })}\n`);
  else process.stderr.write(`${red(bold('error'))} ${red(code)}: ${message}\n  ${remedy}\n`);
}

function bug(error: unknown) {
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'BUG',
    message: `foldin failed in a way it should not: ${message}`,
    remedy: 'This is a bug. Please report it with the command and what FOLDIN_DEBUG=1 prints.',
  };
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause ? `${error.stack}\ncaused by ${stackOf(error.cause)}` : String(error.stack);
}

/** What commander complains about, in foldin's words. `flags` are the command's long options. */
export function usageError(error: CommanderError, command: string, flags: readonly string[]): FoldinError {
  const message = error.message.replace(/^error: /, '').split('\n')[0];
  const unknown = /^unknown option '(-[^'=]*)/.exec(message)?.[1];
  const nearest = unknown && flags.length > 0 ? nearestName(unknown, flags) : undefined;
  return new FoldinError('USAGE', `foldin ${command}: ${message}`, {
    remedy: `${nearest ? `Did you mean ${nearest}? ` : ''}"foldin ${command} --help" lists what it takes.`,
    cause: error,
    details: nearest ? { got: unknown, nearest } : {},
  });
}
