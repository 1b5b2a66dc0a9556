import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Where Debian's package and others put the server's programs. */
const FOLDERS = [
  ...(existsSync('/usr/lib/postgresql')
    ? readdirSync('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`)
    : []),
  '/usr/local/bin',
  '/usr/local/pgsql/bin',
  '/opt/homebrew/bin',
];

/** The folder of the server's programs, or undefined where there is none. */
export const postgresPrograms = (): string | undefined =>
  FOLDERS.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));

export interface PostgresServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts a server of its own, in a temporary folder, with the user `reader` and this password. */
export async function startPostgres(programs: string, password: string): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'foldin-postgres-'));
  // The server refuses to run as root; Debian's package makes a user for it.
  const isRoot = process.getuid?.() === 0;
  const ids = isRoot ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  if (isRoot) execFileSync('chown', ['postgres', folder]);
  const data = join(folder, 'data');
  const run = (program: string, ...args: string[]) =>
    promisify(execFile)(join(programs, program), args, { cwd: folder, ...ids });
  execFileSync('sh', ['-c', `umask 077; printf '%s' "$PASSWORD" > "${folder}/password"`], {
    env: { ...process.env, PASSWORD: password },
    ...ids,
  });
  await run(
    'initdb',
    '-D',
    data,
    '-U',
    'reader',
    '-A',
    'scram-sha-256',
    `--pwfile=${folder}/password`,
    '-E',
    'UTF8',
    '--no-sync',
  );
  const port = await freePort();
  const args = [
    '-D',
    data,
    '-p',
    String(port),
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    `unix_socket_directories=${folder}`,
    '-c',
    'fsync=off',
  ];
  const server = spawn(join(programs, 'postgres'), args, { cwd: folder, stdio: 'ignore', ...ids });
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  for (let tries = 0; ; tries++) {
    const ready = await run('pg_isready', '-h', '127.0.0.1', '-p', String(port)).catch(() => undefined);
    if (ready) break;
    if (tries > 100 || server.exitCode !== null) throw new Error('the server does not start');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    port,
    async stop() {
      server.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const idOf = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
