import { type Command, Option } from 'commander';
import { LANGUAGES, type Language } from '../explain/words.js';
import { Recommender } from '../recommend/recommender.js';
import { collectReport } from '../report/collect.js';
import { reportHtml } from '../report/html.js';
import { readModelFile } from '../store/files.node.js';
import type { CommandSpec, Context, SharedOptions } from './command.js';
import { type DeviceFlags, defineDevice, withBackend } from './device.js';
import { defineKnown, type KnownFlags, knownItems } from './knownItems.js';
import { required, wholeNumber } from './options.js';
import { checkWritable, writeText } from './outFile.js';

interface Flags extends SharedOptions, DeviceFlags, KnownFlags {
  readonly out?: string;
  readonly groups?: number;
  readonly lang: Language;
}

export const command: CommandSpec = {
  name: 'report',
  summary:
    'One HTML file about a model: the log, training, figures, groups, importance, examples with reasons.',
  examples: [
    'foldin report model.safetensors --out report.html',
    'foldin report model.safetensors --items items.csv --lang zh --out report.html',
  ],
  notes: 'The file is self-contained: it opens offline, holds no script and asks for nothing from elsewhere.',
  define(command: Command) {
    command
      .argument('<model>', 'the model file')
      .option('--out <file>', 'the HTML file')
      .option('--groups <n>', 'how many groups of users (default: by silhouette)', wholeNumber('groups'))
      .addOption(new Option('--lang <language>', 'of the reasons').choices([...LANGUAGES]).default('en'));
    defineDevice(defineKnown(command));
  },
  run,
};

async function run({ out, options, args, signal }: Context<Flags>): Promise<void> {
  const path = required(options.out, '--out', 'report.html');
  const contents = await readModelFile(args[0] as string);
  await checkWritable(path);
  await withBackend(options, out, async (backend) => {
    const recommender = Recommender.load(backend, contents);
    try {
      const { groups, seed, lang: language } = options;
      const known = await knownItems(options, recommender);
      const html = reportHtml(await collectReport(recommender, { groups, seed, language, known, signal }));
      await writeText(path, html);
      if (out.isJson) out.json({ out: path, bytes: new TextEncoder().encode(html).length });
      else out.data(`${path}: open it in a browser`);
    } finally {
      recommender.dispose();
    }
  });
}
