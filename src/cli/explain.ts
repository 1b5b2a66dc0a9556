import { type Command, Option } from 'commander';
import { FoldinError } from '../errors.js';
import { type Counterfactual, counterfactual } from '../explain/counterfactual.js';
import { EXPLAIN_METHODS, type ExplainMethod, type Explanation, explain } from '../explain/explain.js';
import { rephrase } from '../explain/rephrase.js';
import type { Named } from '../explain/who.js';
import { LANGUAGES, type Language } from '../explain/words.js';
import { groups } from '../groups/groups.js';
import { type GroupTaste, groupOf, groupTaste } from '../groups/taste.js';
import { Recommender, type Who } from '../recommend/recommender.js';
import { readModelFile } from '../store/files.node.js';
import type { CommandSpec, Context, SharedOptions } from './command.js';
import { type DeviceFlags, defineDevice, withBackend } from './device.js';
import { required, usage, wholeNumber, wrongOption } from './options.js';
import type { Output } from './output.js';
import { clip, count, table } from './table.js';
import { defineWho, type WhoFlags, whoOf } from './who.js';

interface Flags extends SharedOptions, DeviceFlags, WhoFlags {
  readonly item?: string;
  readonly method?: ExplainMethod;
  readonly lang: Language;
  readonly groups?: number | true;
  readonly counterfactual?: boolean;
  readonly llm?: string;
  readonly llmModel?: string;
  readonly k: number;
}

/** Rows of the table; --json has all. */
const SHOWN = 15;

export const command: CommandSpec = {
  name: 'explain',
  summary: 'Why an item has the score it has: what each item of the history does to it.',
  examples: [
    'foldin explain model.safetensors --user u0001 --item b0273',
    'foldin explain model.safetensors --history b0003,b0017 --item b0273 --method lime',
    'foldin explain model.safetensors --user u0001 --item b0273 --counterfactual -k 10',
    'foldin explain model.safetensors --user u0001 --item b0273 --groups --lang zh',
  ],
  notes: `Methods: additive (exact terms, for ease, itemknn, linear, content; the default there), leaveOneOut (the score with less
the score without; the default elsewhere), integratedGradients (add up to score - baseline within 1%; for mlp, dae, vae,
gru), lime (a linear surrogate around the history, with its R²). Contributions are in the units of the score.`,
  define(command: Command) {
    command.argument('<model>', 'the model file');
    defineWho(command, 'user')
      .option('--item <id>', 'the item')
      .addOption(new Option('--method <name>', 'how it is explained').choices([...EXPLAIN_METHODS]))
      .addOption(new Option('--lang <language>', 'of the sentence').choices([...LANGUAGES]).default('en'))
      .option(
        '--groups [n]',
        'also what people of the same group did with it, of so many groups (default: by silhouette)',
        wholeNumber('groups'),
      )
      .option(
        '--llm <url>',
        'an OpenAI-compatible server that rephrases the sentence; it learns the items named',
      )
      .option('--llm-model <name>', 'the model that it runs')
      .option('--counterfactual', 'also the fewest items of the history without which it leaves the best k')
      .option('-k <n>', 'of --counterfactual', wholeNumber('k'), 10);
    defineDevice(command);
  },
  run,
};

async function run({ out, options, args, signal }: Context<Flags>): Promise<void> {
  const item = required(options.item, '--item', 'b0042');
  if (options.llm && !URL.canParse(options.llm))
    throw wrongOption('llm', options.llm, 'an address, such as http://localhost:11434/v1');
  if (options.llm && !options.llmModel)
    throw usage('--llm needs --llm-model', 'Name the model: --llm-model NAME.');
  if (options.user && options.user.length > 1) throw usage('several users are given', 'Give one --user.');
  const contents = await readModelFile(args[0] as string);
  await withBackend(options, out, async (backend) => {
    const recommender = Recommender.load(backend, contents);
    try {
      const [who] = whoOf(options, recommender);
      const { method, lang: language, seed } = options;
      const peers =
        options.groups === undefined ? undefined : await peersOf(recommender, who, item, options, signal);
      const found = await explain(recommender, who, item, { method, language, seed, peers, signal });
      const without = options.counterfactual
        ? await counterfactual(recommender, who, item, { k: options.k, signal })
        : undefined;
      const text = options.llm ? await rephrased(found, options, out, signal) : found.text;
      if (out.isJson) out.json({ ...found, text, ...(without && { counterfactual: without }) });
      else print({ ...found, text }, without, out);
    } finally {
      recommender.dispose();
    }
  });
}

/** What the people of the group did that somebody is in, or by their history would be. */
async function peersOf(
  recommender: Recommender,
  who: Who,
  item: string,
  { groups: asked, seed }: Flags,
  signal: AbortSignal,
): Promise<GroupTaste> {
  recommender.indexOf(item);
  const found = await groups(recommender, { groups: asked === true ? undefined : asked, seed, signal });
  return groupTaste(recommender, found, await groupOf(recommender, found, who), item);
}

/** The language model's words, or the own ones and a notice. */
async function rephrased(
  found: Explanation,
  { llm, llmModel, lang }: Flags,
  out: Output,
  signal: AbortSignal,
): Promise<string> {
  out.warn(`the names of these items go to ${new URL(llm!).host}`);
  try {
    const apiKey = process.env['FOLDIN_LLM_KEY'];
    return await rephrase(found, { endpoint: llm!, model: llmModel!, language: lang, apiKey, signal });
  } catch (error) {
    if (!(error instanceof FoldinError) || error.code !== 'REPHRASE_FAILED') throw error;
    out.warn(`${error.message}; the sentence is foldin's own`);
    return found.text;
  }
}

function print(found: Explanation, without: Counterfactual | undefined, out: Output): void {
  if (found.unknownItems.length > 0) {
    out.warn(`unknown to the model, and ignored: ${found.unknownItems.join(', ')}`);
  }
  out.data(out.paint.bold(found.text));
  out.data(
    `score ${found.score.toFixed(4)}; with an empty history ${found.baseline.toFixed(4)}; by ${found.method}`,
  );
  const { fit, contributions, peers } = found;
  if (peers) {
    const told = [peers, peers.others].map(({ having, users }) => `${count(having)} of ${count(users)}`);
    const agree = peers.agree
      ? 'more often than others'
      : 'not more often than others by more than chance, so it is no reason';
    out.data(`the group: ${told[0]} have it, ${told[1]} elsewhere: ${agree}`);
  }
  if (fit !== undefined) {
    const little = fit < 0.5 ? ': the surrogate is far from the model, do not trust its terms' : '';
    out.data(`R² of the surrogate ${fit.toFixed(2)}${little}`);
  }
  const rows = contributions.slice(0, SHOWN).map((one) => [one.contribution.toFixed(4), ...cells(one)]);
  out.data(
    table([['contribution', 'item', 'title'], ...rows], 'rll', (line, row) =>
      row === 0 ? out.paint.bold(line) : line,
    ),
  );
  if (contributions.length > SHOWN) {
    out.note(`${count(contributions.length - SHOWN)} smaller ones are left out; --json has all`);
  }
  if (without) out.data(wordsOf(without));
}

const cells = ({ item, title }: Named): string[] => [item, clip(title ?? '', 60)];

function wordsOf({ found, removed, k }: Counterfactual): string {
  if (!found) return `it stays among the best ${k} whatever is taken out of the history`;
  const names = removed.map(({ item, title }) => (title === undefined ? item : `${item} "${title}"`));
  return `without ${names.join(', ')} it would not be among the best ${k}`;
}
