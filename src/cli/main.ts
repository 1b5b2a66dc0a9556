#!/usr/bin/env node
import type { CommanderError } from 'commander';
import { FoldinError } from '../errors.js';
import { nearestName } from '../evaluate/nearestName.js';
import type { CommandSpec, SharedOptions } from './command.js';
import { exitCode, reportError, usageError } from './errors.js';
import { Output } from './output.js';

type Loader = () => Promise<{ command: CommandSpec }>;

/** Every command with what it is for. Its file, and what that needs, is loaded only when it is asked for. */
const COMMANDS: Readonly<Record<string, { summary: string; load: Loader }>> = {
  sample: { summary: 'write a made-up log to try things on', load: () => import('./sample.js') },
  inspect: {
    summary: 'describe a log: what is in it, what is wrong with it',
    load: () => import('./inspect.js'),
  },
  train: { summary: 'train a model on a log and measure it', load: () => import('./train.js') },
  compare: {
    summary: 'train several models on one split, measure them on the same users',
    load: () => import('./compare.js'),
  },
  evaluate: { summary: 'measure a model beside popularity', load: () => import('./evaluate.js') },
  recommend: { summary: 'the best items for a user or a history', load: () => import('./recommend.js') },
  score: { summary: 'the predicted interest of a user in one item', load: () => import('./score.js') },
  explain: {
    summary: 'why: what each item of a history does to the score of one',
    load: () => import('./explain.js'),
  },
  importance: {
    summary: 'what a model goes by: the items and attributes that count',
    load: () => import('./importance.js'),
  },
  groups: { summary: 'groups of users with like tastes', load: () => import('./groups.js') },
  report: { summary: 'one HTML file about a model', load: () => import('./report.js') },
  embed: { summary: 'vectors of items from an embedding model', load: () => import('./embed.js') },
  app: { summary: 'serve the page that trains in the browser', load: () => import('./app.js') },
  info: { summary: 'adapters, and what foldin will compute on', load: () => import('./info.js') },
  verify: { summary: 'check every kernel on this adapter', load: () => import('./verify.js') },
  version: { summary: 'print the version', load: () => import('./version.js') },
};

const HELP = `Example:
  foldin sample --out log.csv --items-out items.csv
  foldin train log.csv --items items.csv --out books.safetensors
  foldin recommend books.safetensors --user u0001

Usage: foldin COMMAND [options]

Learns what each user will like from a log of what users did, on any GPU or without one.

Commands:
${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(11)}${summary}`)
  .join('\n')}

"foldin COMMAND --help" shows the command's options, an example first.
`;

async function main(argv: readonly string[], out: Output, signal: AbortSignal): Promise<void> {
  // The shared switches may stand before the command, too.
  const place = argv.findIndex((word) => word !== '--json' && word !== '--quiet');
  const first = place < 0 ? undefined : argv[place];
  const rest = [...argv.slice(place + 1), ...argv.slice(0, Math.max(0, place))];
  if (first === undefined) {
    throw new FoldinError('USAGE', 'no command is given', {
      remedy: 'Start with "foldin sample --out log.csv --items-out items.csv", or see "foldin --help".',
    });
  }
  if (first === '--help' || first === '-h' || (first === 'help' && rest.length === 0)) return out.data(HELP);
  if (first === 'help') return main([...rest.slice(0, 1), '--help'], out, signal);
  if (first === '--version' || first === '-V') return main(['version', ...rest], out, signal);
  const { command: spec } = await loaderOf(first)();
  // Nothing to parse, and scripts ask for it often: the parser would double the time.
  if (first === 'version' && rest.every((word) => word === '--json')) {
    return spec.run({ out, options: {}, args: [], signal, argv });
  }
  const { buildCommand } = await import('./command.js');
  const command = buildCommand(spec);
  const { configured } = await import('./configFile.js');
  const isHelp = rest.includes('--help') || rest.includes('-h');
  const config = isHelp
    ? undefined
    : await configured(configOf(rest), command, first, {
        names: Object.keys(COMMANDS),
        build: async (name) => buildCommand((await loaderOf(name)()).command),
      });
  try {
    command.parse([...(config?.words ?? []), ...rest], { from: 'user' });
  } catch (error) {
    if (error instanceof FoldinError) throw error;
    const { code } = error as CommanderError;
    if (code === 'commander.helpDisplayed') return;
    if (!code?.startsWith('commander.')) throw error;
    throw usageError(
      error as CommanderError,
      spec.name,
      command.options.flatMap(({ long }) => long ?? []),
    );
  }
  if (config && config.words.length > 0) out.note(`config    ${config.file}: ${config.words.join(' ')}`);
  await spec.run({ out, options: command.opts<SharedOptions>(), args: command.processedArgs, signal, argv });
}

/** The file that --config names; read before all other options, which it may hold. */
function configOf(words: readonly string[]): string | undefined {
  const typed = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
  const at = typed.findLastIndex((word) => word === '--config' || word.startsWith('--config='));
  if (at < 0) return undefined;
  return typed[at] === '--config' ? typed[at + 1] : typed[at].slice('--config='.length);
}

function loaderOf(name: string): Loader {
  if (Object.hasOwn(COMMANDS, name)) return COMMANDS[name].load;
  const what = name.startsWith('-')
    ? `"${name}" stands where a command should`
    : `there is no command "${name}"`;
  const nearest = nearestName(name, Object.keys(COMMANDS));
  throw new FoldinError('USAGE', what, {
    remedy: `Did you mean "foldin ${nearest}"? "foldin --help" lists the commands.`,
    details: { got: name, nearest },
  });
}

const argv = process.argv.slice(2);
const flags = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
const out = new Output(flags.includes('--json'), flags.includes('--quiet'));
const stop = new AbortController();
// The first signal stops the work in order, the second one at once.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(signal));
try {
  await main(argv, out, stop.signal);
} catch (error) {
  reportError(error, out);
  process.exitCode = exitCode(error);
  // A pipe that nobody read to its end must not keep the process.
  process.stdin.unref?.();
}
