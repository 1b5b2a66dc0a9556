import type { Plugin as EsbuildPlugin } from 'esbuild';
import type { Plugin as VitePlugin } from 'vitest/config';

export function readShader(path: string): Promise<{ source: string; files: string[] }>;
export function reflect(
  name: string,
  source: string,
): {
  bindings: Record<string, { binding: number; kind: 'uniform' | 'storage' | 'read-only-storage' }>;
  params: { size: number; fields: Record<string, { offset: number; type: 'u32' | 'i32' | 'f32' }> };
  overrides: string[];
};
export function shortNamesFor(path: string): Promise<Map<string, string>>;
export function shortened(source: string, names: ReadonlyMap<string, string>): string;
export const wgslEsbuild: EsbuildPlugin;
export const wgslVite: VitePlugin;
