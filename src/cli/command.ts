import { Command, Option } from 'commander';
import { wholeNumber } from './options.js';
import type { Output } from './output.js';

/** What a command gets to work with. `options` are the parsed flags, `args` the rest, as commander hands them over. */
export interface Context<Options = Record<string, unknown>> {
  readonly out: Output;
  readonly options: Options;
  readonly args: readonly (string | string[] | undefined)[];
  /** Raised by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** What was typed after "foldin". */
  readonly argv: readonly string[];
}

/** One command; one file each, loaded only when it is asked for. */
export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  /** Commands to copy; the help starts with them. */
  readonly examples: readonly string[];
  /** Said after the options. */
  readonly notes?: string;
  /** Adds arguments and options. */
  define(command: Command): void;
  // biome-ignore lint/suspicious/noExplicitAny: each command names its own options
  run(context: Context<any>): Promise<void>;
}

/** Every command takes these. */
export interface SharedOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly seed?: number;
}

/** A commander command that throws instead of leaving the process, with the options that all commands share. */
export function buildCommand(spec: CommandSpec): Command {
  const command = new Command(`foldin ${spec.name}`)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .addHelpText('before', `Example:\n${spec.examples.map((line) => `  ${line}`).join('\n')}\n`)
    .description(spec.summary);
  if (spec.notes) command.addHelpText('after', `\n${spec.notes}`);
  spec.define(command);
  return command
    .addOption(
      new Option('--seed <n>', 'the one source of chance (default 1)').argParser(wholeNumber('seed')),
    )
    .option(
      '--config <file>',
      'options from a JSON or YAML file (default foldin.config.json or .yaml, where it is there)',
    )
    .option('--json', 'machine-readable: one JSON document, or JSON lines for long work')
    .option('--quiet', 'no progress and no notes; warnings and errors stay')
    .helpOption('-h, --help', 'this text')
    .action(() => {});
}
