import { execFileSync } from 'node:child_process';

/** The commit that is measured, with a + where tracked files differ from it; FOLDIN_COMMIT outside a repository. */
export function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '-uno') ? '+' : '');
  } catch {
    return process.env['FOLDIN_COMMIT'] ?? 'unknown';
  }
}
