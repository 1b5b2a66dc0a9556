import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { FoldinError } from '../errors.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** A folder of a few small files, in memory: nothing else can be asked for, whatever a path says. */
export type Site = ReadonlyMap<string, { readonly type: string; readonly bytes: Buffer }>;

/** Reads a site from a folder, its files by their paths; index.html stands for "/", too. FILE_MISSING. */
export async function readSite(folder: string): Promise<Site> {
  const site = new Map<string, { type: string; bytes: Buffer }>();
  try {
    for (const name of await readdir(folder)) {
      const type = TYPES[extname(name)];
      if (type) site.set(`/${name}`, { type, bytes: await readFile(join(folder, name)) });
    }
  } catch (cause) {
    throw missing(folder, cause);
  }
  const index = site.get('/index.html');
  if (!index) throw missing(folder, undefined);
  return site.set('/', index);
}

/** The policy that a page states in its own head, for the header. */
function policyOf(site: Site): string {
  const page = site.get('/')!.bytes.toString('utf8');
  return /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page)![1];
}

/** Serves a site until `close`; resolves once it listens. CONFIG for a port or host that cannot be had. */
export async function serveSite(
  site: Site,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<{ url: string; close: () => Promise<void> }> {
  const headers = {
    // Frames can be forbidden by a header only.
    'content-security-policy': `${policyOf(site)}; frame-ancestors 'none'`,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-cache',
  };
  const server = createServer((request, response) => answer(site, headers, request, response));
  await listening(server, host, port);
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${shown}:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Browsers keep connections open for what may come.
        server.closeAllConnections();
      }),
  };
}

function answer(
  site: Site,
  headers: Readonly<Record<string, string>>,
  { method, url = '/' }: IncomingMessage,
  response: ServerResponse,
): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const file = site.get(url.split('?')[0]);
  if (!file) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such file.\n');
    return;
  }
  response.writeHead(200, { 'content-type': file.type, 'content-length': file.bytes.length });
  response.end(method === 'HEAD' ? undefined : file.bytes);
}

const listening = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === 'EADDRINUSE';
      const why = isTaken ? 'it is in use' : cause.message;
      reject(
        new FoldinError('CONFIG', `port ${port} of ${host} cannot be had: ${why}`, {
          remedy: isTaken
            ? 'Give another --port, or --port 0 for one that is free.'
            : 'Give another --port or --host.',
          cause,
        }),
      );
    });
    server.listen(port, host, resolve);
  });

const missing = (folder: string, cause: unknown): FoldinError =>
  new FoldinError('FILE_MISSING', `the page is not in ${folder}`, {
    remedy: 'Build it with "npm run build", or install foldin again.',
    cause,
  });
