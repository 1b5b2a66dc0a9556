import { FoldinError } from '../errors.js';

/**
 * Loads a package that foldin does not install by itself. ENGINE_MISSING, with the command that installs it, where
 * it is not there.
 */
export async function optionalPackage<T>(load: () => Promise<T>, what: string, packages: string): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new FoldinError('ENGINE_MISSING', `${what} needs a package that is not installed: ${packages}`, {
      remedy: `Install it with "npm install ${packages}", then run the command again.`,
      cause,
      details: { packages: packages.split(' ') },
    });
  }
}
