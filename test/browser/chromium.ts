import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import chromium from '@sparticuz/chromium';
import { type Browser, chromium as playwright } from 'playwright-core';
import { untar } from '../../src/gpu/untar.node.js';

const FLAGS = [
  '--enable-unsafe-webgpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
];

/**
 * Headless Chromium of the npm package (Linux x64), elsewhere the installed Chrome; with a software WebGPU adapter
 * where there is no GPU, or without any.
 */
export async function openChromium({ webgpu = true } = {}): Promise<Browser> {
  const args = webgpu
    ? FLAGS
    : [...FLAGS.filter((flag) => !/webgpu/.test(flag)), '--disable-features=WebGPU'];
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return playwright.launch({ channel: 'chrome', args });
  const executablePath = await chromium.executablePath();
  // The package brings the libraries that a bare system lacks.
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: [libraries(), process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':'),
  };
  return playwright.launch({ executablePath, args, chromiumSandbox: false, env });
}

function libraries(): string | undefined {
  if (existsSync('/usr/lib/x86_64-linux-gnu/libnss3.so')) return undefined;
  const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  const archive = join(dirname(entry), '..', '..', 'bin', 'al2023.tar.br');
  const folder = join(tmpdir(), `foldin-chromium-libraries-${process.getuid?.() ?? 'user'}`);
  if (!existsSync(folder)) {
    mkdirSync(folder, { recursive: true });
    for (const { name, bytes } of untar(brotliDecompressSync(readFileSync(archive))))
      writeFileSync(join(folder, name), bytes);
  }
  return folder;
}

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };

/** What a page of anybody's does: one module script, no bundler. */
const PAGE = `<!doctype html><title>foldin</title>
<script type="module">import * as foldin from '/foldin.browser.js'; globalThis.foldin = foldin;</script>`;

/** Serves the built dist/ and a page with the library on localhost. */
export async function serveDist(): Promise<{ url: string; server: Server }> {
  const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname));
    if (path === '/') {
      response.setHeader('content-type', 'text/html');
      // The script of the page itself is inline; for all else nothing but this server is allowed.
      response.setHeader('content-security-policy', "default-src 'self'; script-src 'self' 'unsafe-inline'");
      response.end(PAGE);
      return;
    }
    const file = join(dist, path);
    if (!file.startsWith(dist) || !existsSync(file)) {
      response.statusCode = 404;
      response.end();
      return;
    }
    response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
    response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://localhost:${(server.address() as AddressInfo).port}/`, server };
}
