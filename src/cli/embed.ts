import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readItemAttributes } from '../data/attributes.js';
import { type EmbedCache, embedTexts } from '../data/embed.js';
import { fileSource } from '../data/files.node.js';
import { FoldinError } from '../errors.js';
import { writeFileAtomic } from '../store/files.node.js';
import { encodeItemVectors } from '../store/itemVectors.js';
import type { CommandSpec, Context, SharedOptions } from './command.js';
import { collect, required, wholeNumber } from './options.js';
import { checkWritable } from './outFile.js';
import { Progress } from './progress.js';
import { count } from './table.js';
import { cacheFolder } from './verified.js';

interface Flags extends SharedOptions {
  readonly column?: string[];
  readonly endpoint?: string;
  readonly model?: string;
  readonly out?: string;
  readonly batch?: number;
  readonly encoding?: string;
  readonly cache: boolean;
}

export const command: CommandSpec = {
  name: 'embed',
  summary: 'Fetches a vector for each item from an embedding model, for "foldin train --item-vectors".',
  examples: [
    'foldin embed items.csv --column title --endpoint http://localhost:11434/v1 --model all-minilm --out vectors.safetensors',
    'foldin train log.csv --model content --items items.csv --item-vectors vectors.safetensors --out m.safetensors',
  ],
  notes: `Any server with OpenAI's /v1/embeddings will do: ollama, llama.cpp, vLLM, LM Studio. The texts of the items leave
this process for it. What it answered is kept in foldin's cache folder as it comes, so that an interrupted run goes
on where it stopped; FOLDIN_EMBED_KEY is sent as a bearer token.`,
  define: (command) =>
    void command
      .argument('<items>', 'a file with one item a row: its id, and columns with text')
      .option('--column <name>', 'a column of text; several are joined (default title)', collect)
      .option('--endpoint <url>', 'the server, such as http://localhost:11434/v1')
      .option('--model <name>', 'the embedding model that it runs')
      .option('--out <file>', 'the vectors to write (.safetensors)')
      .option('--batch <texts>', 'a request (default 64)', wholeNumber('batch'))
      .option('--encoding <name>', 'utf-8 or latin1')
      .option('--no-cache', 'ask for all texts again, and keep none'),
  run,
};

async function run({ out, options, args, signal }: Context<Flags>): Promise<void> {
  const { column = ['title'], batch } = options;
  const endpoint = required(options.endpoint, '--endpoint', 'http://localhost:11434/v1');
  const model = required(options.model, '--model', 'all-minilm');
  const file = required(options.out, '--out', 'vectors.safetensors');
  await checkWritable(file);
  const encoding = options.encoding as 'latin1' | undefined;
  const { ids, columns } = await readItemAttributes(fileSource(args[0] as string), { encoding });
  const chosen = column.map((name) => {
    const values = columns.find((one) => one.name === name)?.values;
    if (values) return values;
    throw new FoldinError('COLUMN_MISSING', `${basename(args[0] as string)} has no column "${name}"`, {
      remedy: `Its columns are ${columns.map((one) => `"${one.name}"`).join(', ')}.`,
    });
  });
  const texts = ids.map((_, row) =>
    chosen
      .map((values) => values[row].trim())
      .filter(Boolean)
      .join(' '),
  );
  const rows = Array.from(ids.keys()).filter((row) => texts[row] !== '');
  const progress = new Progress(out);
  const cache = options.cache ? await fileCache(`${endpoint}\n${model}`) : undefined;
  const asked = rows.map((row) => texts[row]);
  const known = cache ? asked.filter((text) => cache.get(text)).length : 0;
  try {
    const { width, values } = await embedTexts(asked, {
      endpoint,
      model,
      apiKey: process.env['FOLDIN_EMBED_KEY'],
      batch,
      cache,
      signal,
      onProgress: (done, all) => progress.update(done / all, `${count(done)} of ${count(all)} texts`),
    });
    progress.end();
    const metadata = new Map([
      ['model', model],
      ['columns', column.join(', ')],
    ]);
    await writeFileAtomic(
      file,
      encodeItemVectors({ ids: rows.map((row) => ids[row]), width, values }, metadata),
    );
    if (out.isJson)
      return out.json({ out: file, items: rows.length, width, known, skipped: ids.length - rows.length });
    const skipped = ids.length - rows.length;
    out.data(
      `${file}: ${count(rows.length)} vectors of ${count(width)} numbers` +
        `${known > 0 ? `, ${count(known)} of them fetched before` : ''}${skipped > 0 ? `; ${count(skipped)} items have no text` : ''}`,
    );
  } finally {
    progress.end();
  }
}

/** Vectors in one file a server and model, a line each, appended as they come; a line cut short is as none. */
async function fileCache(what: string): Promise<EmbedCache> {
  const name = createHash('sha256').update(what).digest('hex').slice(0, 32);
  const file = join(cacheFolder(), 'embeddings', `${name}.jsonl`);
  const keyOf = (text: string) => createHash('sha256').update(text).digest('base64url');
  const known = new Map<string, Float32Array>();
  const lines = await readFile(file, 'utf8').catch(() => '');
  for (const line of lines.split('\n')) {
    const [, key, base64] = /^\["([\w-]+)","([\w+/=]+)"\]$/.exec(line) ?? [];
    if (!key) continue;
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.length % 4 === 0) known.set(key, new Float32Array(new Uint8Array(bytes).buffer));
  }
  return {
    get: (text) => known.get(keyOf(text)),
    async set(vectors) {
      await mkdir(dirname(file), { recursive: true });
      const text = Array.from(vectors, ([words, vector]) => {
        known.set(keyOf(words), vector);
        const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
        return `${JSON.stringify([keyOf(words), bytes.toString('base64')])}\n`;
      });
      await appendFile(file, `\n${text.join('')}`);
    },
  };
}
