import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { CommandSpec, Context, SharedOptions } from './command.js';
import { wholeNumber, wrongOption } from './options.js';
import { readSite, serveSite } from './staticServer.js';

interface Flags extends SharedOptions {
  readonly port: number;
  readonly host: string;
}

export const command: CommandSpec = {
  name: 'app',
  summary: 'Serves the page that trains and recommends in the browser, on this machine only.',
  examples: ['foldin app', 'foldin app --port 8080'],
  notes: `Everything happens in the page: the log does not leave the browser, and the server only hands out the page's
own files. Any host can do that: they lie in the folder dist/app of the package. Ctrl-C ends it.`,
  define: (command) =>
    void command
      .option('--port <n>', 'where it listens; 0: any port that is free', wholeNumber('port'), 8000)
      .option(
        '--host <address>',
        'of this machine; another than the default lets others open the page',
        '127.0.0.1',
      ),
  run,
};

async function run({ out, options, signal }: Context<Flags>): Promise<void> {
  const { port, host } = options;
  if (port > 65_535) throw wrongOption('port', String(port), 'a whole number of at most 65535');
  const site = await readSite(join(packageFolder(), 'dist', 'app'));
  const { url, close } = await serveSite(site, { host, port });
  if (!isLoopback(host)) {
    out.warn(`whoever reaches this machine can open the page; browsers offer WebGPU there from https only`);
  }
  if (out.isJson) out.json({ url });
  else {
    out.data(url);
    out.note('Open it in a browser. Ctrl-C ends it.');
  }
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
  await close();
}

/** The folder of this package, wherever it is installed. */
const packageFolder = (): string => dirname(createRequire(import.meta.url).resolve('foldin/package.json'));

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('127.');
