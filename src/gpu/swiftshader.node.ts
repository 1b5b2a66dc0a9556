import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { FoldinError } from '../errors.js';
import { untar } from './untar.node.js';

/** Folders in which the Vulkan loader looks for drivers on Linux. */
const DRIVER_FOLDERS = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'];

/** False only where it is certain that no Vulkan driver is installed (Linux without a driver file). */
export function hasVulkanDriver(): boolean {
  if (process.platform !== 'linux') return true;
  if (process.env['VK_DRIVER_FILES'] || process.env['VK_ICD_FILENAMES']) return true;
  return DRIVER_FOLDERS.some(
    (folder) => existsSync(folder) && readdirSync(folder).some((f) => f.endsWith('.json')),
  );
}

/**
 * Makes the SwiftShader driver of the npm package @sparticuz/chromium visible to Dawn, in this process,
 * without an install script. Returns false where the package or the platform (Linux x64) is missing.
 * The package is a development dependency of foldin: a user's machine has it only if they install it.
 */
export async function useSwiftShader(): Promise<boolean> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return false;
  const packed = packedDriver();
  if (!packed) return false;
  const folder = unpack(packed.archive, packed.version);
  // Read by the Vulkan loader when the next instance is made.
  process.env['VK_DRIVER_FILES'] = join(folder, 'vk_swiftshader_icd.json');
  // The loader library itself may be missing from the system: map the package's copy, which Dawn then
  // finds by its name. RTLD_NODELETE keeps it mapped although Node rightly says it is no addon.
  const RTLD_NODELETE = 0x1000;
  try {
    process.dlopen(
      { exports: {} },
      join(folder, 'libvulkan.so.1'),
      constants.dlopen.RTLD_NOW | RTLD_NODELETE,
    );
  } catch {
    // Always thrown: "Module did not self-register". If the mapping failed, requestAdapter gives null.
  }
  return true;
}

function packedDriver(): { archive: string; version: string } | undefined {
  try {
    // The package exports no package.json, so walk up from its entry point.
    let folder = dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium'));
    while (!existsSync(join(folder, 'bin', 'swiftshader.tar.br'))) {
      const parent = dirname(folder);
      if (parent === folder) return undefined;
      folder = parent;
    }
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return { archive: join(folder, 'bin', 'swiftshader.tar.br'), version };
  } catch {
    return undefined;
  }
}

/** Unpacks once per version and user; the rename makes a half-written folder impossible. */
function unpack(archive: string, version: string): string {
  const folder = join(tmpdir(), `foldin-swiftshader-${version}-${process.getuid?.() ?? 'user'}`);
  if (existsSync(folder)) {
    // Code is loaded from here: never from a folder that somebody else made.
    if (process.getuid && statSync(folder).uid !== process.getuid()) {
      throw new FoldinError('NO_ADAPTER', `${folder} belongs to another user`, {
        remedy: 'Remove that folder, or choose --device cpu.',
      });
    }
    return folder;
  }
  const partial = `${folder}.${process.pid}`;
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  for (const file of untar(brotliDecompressSync(readFileSync(archive)))) {
    writeFileSync(join(partial, file.name), file.bytes, { mode: 0o755 });
  }
  try {
    renameSync(partial, folder);
  } catch (error) {
    // Another process was first.
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
