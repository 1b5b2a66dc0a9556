import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { DeviceInfo } from '../backend/backend.js';
import type { Verification } from '../recommend/provenance.js';
import { writeFileAtomic } from '../store/files.node.js';
import { VERSION } from '../version.js';

/** Where foldin keeps what it may lose: $FOLDIN_CACHE, else the system's place for such things. */
export function cacheFolder(): string {
  const { env, platform } = process;
  if (env['FOLDIN_CACHE']) return env['FOLDIN_CACHE'];
  if (platform === 'win32' && env['LOCALAPPDATA']) return join(env['LOCALAPPDATA'], 'foldin', 'Cache');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'foldin');
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'foldin');
}

const fileOf = ({ adapter, driver }: Pick<DeviceInfo, 'adapter' | 'driver'>): string => {
  const key = createHash('sha256').update(`${adapter}\n${driver}`).digest('hex').slice(0, 32);
  return join(cacheFolder(), 'verified', `${key}.json`);
};

/** The last verification of this adapter and driver by this version, or null: other versions have other kernels. */
export async function readVerification(device: DeviceInfo): Promise<Verification | null> {
  try {
    const { adapter, driver, passed, cases, foldin } = JSON.parse(await readFile(fileOf(device), 'utf8'));
    const isMine = foldin === VERSION && adapter === device.adapter && driver === device.driver;
    return isMine ? { adapter, driver, passed: passed === true, cases: Number(cases), foldin } : null;
  } catch {
    // Never verified, or a cache that cannot be read: the same to a model's reader.
    return null;
  }
}

/** Keeps a verification; returns the file. FILE_WRITE. */
export async function writeVerification(verification: Verification): Promise<string> {
  const file = fileOf(verification);
  await mkdir(join(cacheFolder(), 'verified'), { recursive: true });
  await writeFileAtomic(file, new TextEncoder().encode(`${JSON.stringify(verification)}\n`));
  return file;
}
