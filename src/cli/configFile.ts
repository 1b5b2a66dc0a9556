import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { FoldinError } from '../errors.js';
import { nearestName } from '../evaluate/nearestName.js';

/** Looked for in the folder where foldin is started. */
const NAMES = ['foldin.config.json', 'foldin.config.yaml', 'foldin.config.yml'];

/** What a config file adds to what was typed. */
export interface Configured {
  readonly file: string;
  /** Flags to put before those typed, which so win. */
  readonly words: readonly string[];
}

type Values = Readonly<Record<string, unknown>>;

/** All commands by name; for asking which of them know an option. */
export interface Commands {
  readonly names: readonly string[];
  build(name: string): Promise<Command>;
}

/**
 * The options of a config file that are this command's: its own section's, and those at the top that it has. undefined
 * where no file is named or found. CONFIG, with the nearest name, for a key that nothing knows; FILE_MISSING.
 */
export async function configured(
  named: string | undefined,
  command: Command,
  name: string,
  commands: Commands,
): Promise<Configured | undefined> {
  const file = named ?? (await found());
  if (file === undefined) return undefined;
  const values = await read(file);
  const shared: string[] = [];
  let own: string[] = [];
  for (const [key, value] of Object.entries(values)) {
    if (commands.names.includes(key)) {
      const section = await sectionOf(file, key, value, commands);
      if (key === name) own = section;
    } else if (isOption(command, key)) shared.push(...flag(file, command, key, value));
    else await requireKnown(file, key, commands);
  }
  return { file, words: [...shared, ...own] };
}

async function found(): Promise<string | undefined> {
  const there = NAMES.filter((name) => existsSync(name));
  if (there.length <= 1) return there[0];
  throw problem(
    there[0],
    `${there.join(' and ')} are both here`,
    'Keep one of them, or name one with --config.',
  );
}

async function read(file: string): Promise<Values> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new FoldinError('FILE_MISSING', `${file} cannot be read (${cause.code ?? cause})`, {
      remedy: 'Give --config the path of a JSON or YAML file.',
      cause,
      details: { file },
    });
  });
  const isYaml = /\.ya?ml$/i.test(file);
  let values: unknown;
  try {
    values = isYaml ? (await import('yaml')).parse(text) : JSON.parse(text);
  } catch (error) {
    const [what] = (error as Error).message.split('\n');
    throw problem(file, `${file} is no ${isYaml ? 'YAML' : 'JSON'}: ${what}`, 'Correct it there.');
  }
  if (isObject(values)) return values;
  throw problem(
    file,
    `${file} holds no options by name`,
    'Write an object, such as {"min-value": 4, "train": {"epochs": 20}}.',
  );
}

async function sectionOf(file: string, name: string, value: unknown, commands: Commands): Promise<string[]> {
  if (!isObject(value)) {
    throw problem(
      file,
      `${file}: "${name}" is a command, and its options an object`,
      `Write "${name}": {...}.`,
    );
  }
  const command = await commands.build(name);
  return Object.entries(value).flatMap(([key, one]) => {
    if (isOption(command, key)) return flag(file, command, key, one);
    throw unknownKey(file, `${name}: ${key}`, key, keysOf(command), `"foldin ${name} --help" lists them.`);
  });
}

/** CONFIG unless some command has the option. */
async function requireKnown(file: string, key: string, commands: Commands): Promise<void> {
  const all = await Promise.all(commands.names.map((name) => commands.build(name)));
  if (all.some((command) => isOption(command, key))) return;
  const known = [...new Set([...all.flatMap(keysOf), ...commands.names])];
  throw unknownKey(file, key, key, known, 'Keys are options without their dashes, or commands.');
}

const long = (key: string): string => `--${key}`;

/** Known before any file is read. */
const TYPED_ONLY = ['config', 'json', 'quiet'];

/** The names a file may use, as typed but for the dashes; "header" for --no-header. */
const keysOf = ({ options }: Command): string[] =>
  options
    .map((option) => (option.negate ? option.long!.slice('--no-'.length) : option.long?.slice(2)))
    .filter((key): key is string => key !== undefined && !TYPED_ONLY.includes(key));

const isOption = (command: Command, key: string): boolean => keysOf(command).includes(key);

function flag(file: string, { options }: Command, key: string, value: unknown): string[] {
  const option = options.find((one) => one.long === long(key));
  const takesValue = option !== undefined && (option.required || option.optional);
  if (!takesValue) {
    if (typeof value !== 'boolean')
      throw problem(file, `${file}: "${key}" is true or false`, 'Write one of them.');
    const negated = options.find((one) => one.long === `--no-${key}`);
    return value ? (option ? [long(key)] : []) : negated ? [negated.long!] : [];
  }
  if (Array.isArray(value)) return [`${long(key)}=${value.map((one) => text(file, key, one)).join(',')}`];
  return [`${long(key)}=${text(file, key, value)}`];
}

function text(file: string, key: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw problem(file, `${file}: "${key}" takes a text or a number`, `Correct "${key}" there.`);
}

const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const problem = (file: string, message: string, remedy: string): FoldinError =>
  new FoldinError('CONFIG', message, { remedy, details: { file } });

function unknownKey(
  file: string,
  shown: string,
  key: string,
  known: readonly string[],
  more: string,
): FoldinError {
  const nearest = nearestName(key, known);
  return new FoldinError('CONFIG', `${file}: there is no option "${shown}"`, {
    remedy: `Did you mean "${nearest}"? ${more}`,
    details: { file, key, nearest },
  });
}
