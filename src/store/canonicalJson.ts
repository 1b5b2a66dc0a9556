import { FoldinError } from '../errors.js';

/**
 * A plain object as JSON with the keys of every object sorted, so that equal contents give equal bytes.
 * Properties that are undefined are left out. CONFIG for what JSON cannot hold, where JSON.stringify would
 * quietly write null or {}: numbers that are not finite, functions, typed arrays, maps. `path` names the
 * object in errors.
 */
export function canonicalObject(value: unknown, path: string): string {
  if (isPlainObject(value)) return canonicalJson(value, path);
  throw unstorable(value, path, 'Use a plain object.');
}

function canonicalJson(value: unknown, path: string): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) {
    return `[${Array.from(value, (element, i) => canonicalJson(element, `${path}[${i}]`)).join(',')}]`;
  }
  if (isPlainObject(value)) {
    const members = Object.keys(value)
      .sort()
      .filter((key) => value[key] !== undefined)
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key], `${path}.${key}`)}`);
    return `{${members.join(',')}}`;
  }
  throw unstorable(value, path, 'Use finite numbers, strings, booleans, null, arrays and plain objects.');
}

function unstorable(value: unknown, path: string, remedy: string): FoldinError {
  const got = typeof value === 'object' ? value?.constructor?.name : `${typeof value} ${String(value)}`;
  return new FoldinError('CONFIG', `${path} cannot be stored: got ${got ?? 'null'}`, {
    remedy,
    details: { path },
  });
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
