import type { Plugin as EsbuildPlugin } from 'esbuild';
import type { Plugin as VitePlugin } from 'vitest/config';
import type { KernelLayout } from '../src/gpu/layout.js';

export function readShader(path: string): Promise<{ source: string; files: string[] }>;
export function reflect(name: string, source: string): KernelLayout;
export const wgslEsbuild: EsbuildPlugin;
export const wgslVite: VitePlugin;
