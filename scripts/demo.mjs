// The main job on a made-up bookshop, in plain words: `npm run demo`. No GPU and no network are needed. Everything
// is done by the command line (dist/cli.js) in a folder of its own, which is removed in the end.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'foldin-demo-'));
const started = performance.now();
const colour = process.stdout.isTTY && !process.env.NO_COLOR;
const bold = (text) => (colour ? `\x1b[1m${text}\x1b[22m` : text);
const say = (text = '') => process.stdout.write(`${text}\n`);

/** Shows a command, runs it, and returns its lines of JSON; `onLine` sees each as it comes. */
async function foldin(words, onLine = () => {}) {
  say(`  $ foldin ${words.join(' ')}`);
  const child = spawn(process.execPath, [cli, ...words, '--json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [text, errors] = ['', ''];
  const lines = [];
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  for await (const chunk of child.stdout) {
    const parts = (text + chunk).split('\n');
    text = parts.pop();
    for (const part of parts) {
      lines.push(JSON.parse(part));
      onLine(lines.at(-1));
    }
  }
  const code = await new Promise((resolve) => {
    if (child.exitCode !== null) resolve(child.exitCode);
    else child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`foldin ${words[0]} ended with exit code ${code}:\n${errors}`);
  const notices = errors.split('\n').filter((line) => line.startsWith('notice'));
  return { lines, last: lines.at(-1), notices };
}

const heading = (text) => say(`\n${bold(text)}`);
const percent = (share) => `${Math.round(100 * share)}%`;
const number = (n) => n.toLocaleString('en-US');

/** Trains, with a point an epoch so that one sees it work. */
async function train(words) {
  const before = performance.now();
  let points = 0;
  const run = await foldin(words, (line) => {
    if (line.event !== 'epoch') return;
    process.stdout.write(points++ === 0 ? '  .' : '.');
  });
  const { device, bestEpoch } = run.last;
  const seconds = Math.round((performance.now() - before) / 1000);
  say(` ${points} rounds in ${seconds} s, round ${bestEpoch} was the best`);
  return { ...run, device };
}

try {
  say(bold('foldin learns what each customer will like from what customers did.'));
  say('Here: a made-up bookshop. Nothing leaves this machine.');

  heading('1. The shop keeps a log: who bought what, and when');
  await foldin([
    'sample',
    '--users',
    '1600',
    '--items',
    '400',
    '--out',
    'log.csv',
    '--items-out',
    'items.csv',
  ]);
  const log = (await readFile(join(folder, 'log.csv'), 'utf8')).trim().split('\n');
  for (const line of log.slice(0, 3)) say(`    ${line}`);
  say('    ...');

  heading('2. Is the log any good?');
  const { last: report } = await foldin(['inspect', 'log.csv']);
  say(
    `  ${number(report.rows.kept)} of ${number(report.rows.read)} lines can be used: ${number(report.users)} customers, ` +
      `${number(report.items)} books, ${Math.round(report.historyLength.mean)} books a customer.`,
  );

  heading('3. Learn from eight customers in ten; keep the others for a fair exam');
  const mlp = await train(
    ['train', 'log.csv', '--items', 'items.csv', '--out', 'books.safetensors'].concat([
      '--epochs',
      '40',
      '--patience',
      '12',
    ]),
  );
  for (const notice of mlp.notices) say(`  ${notice}`);
  say(`  computed on: ${mlp.device.adapter}`);
  const { last: exam } = await foldin(['evaluate', 'books.safetensors']);
  say('\n  The simplest thing that learns, for comparison:');
  await train([
    'train',
    'log.csv',
    '--model',
    'linear',
    '--out',
    'linear.safetensors',
    '--epochs',
    '12',
    '--patience',
    '4',
  ]);
  const { last: linear } = await foldin(['evaluate', 'linear.safetensors']);

  heading(`4. The exam: ${exam.users.scored} customers it has never seen`);
  say('  Each shows most of the books they bought; the others are hidden, to be found among all the rest.');
  const models = [exam.baselines.popular, linear.metrics, exam.metrics];
  const row = (name, cells) => say(`  ${name.padEnd(46)}${cells.map((cell) => cell.padStart(13)).join('')}`);
  say();
  row('', ['bestsellers', 'linear', 'network']);
  row(
    'found something among ten suggestions',
    models.map((m) => percent(m['hitRate@10'].mean)),
  );
  row(
    'hidden books among the ten (of all hidden ones)',
    models.map((m) => percent(m['recall@10'].mean)),
  );
  row(
    'books of the shop that anyone is shown',
    models.map((m) => percent(m['coverage@10'].mean)),
  );
  row(
    'quality of the order, 0 to 1 (ndcg@100)',
    models.map((m) => m['ndcg@100'].mean.toFixed(3)),
  );
  const { mean, se } = exam.metrics['ndcg@100'];
  say(
    `\n  With so few customers the last figure is sure to about ± ${(2 * se).toFixed(2)}; bestsellers get ` +
      `${models[0]['ndcg@100'].mean.toFixed(2)}, the network ${mean.toFixed(2)}.`,
  );

  const books = new Map(
    (await readFile(join(folder, 'items.csv'), 'utf8'))
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','))
      .map(([item, title, category]) => [item, { title, category }]),
  );
  const histories = new Map();
  for (const line of log.slice(1)) {
    const [customer] = line.split(',');
    histories.set(customer, [...(histories.get(customer) ?? []), line]);
  }
  const [user, bought] = [...histories].find(([, lines]) => lines.length >= 8 && lines.length <= 10);

  heading(`5. What customer ${user} bought`);
  const show = (item) => `${books.get(item).title.padEnd(28)}${books.get(item).category}`;
  for (const line of bought) say(`  ${show(line.split(',')[1])}`);

  heading('   and what they will be shown');
  const { last: found } = await foldin(['recommend', 'books.safetensors', '--user', user, '-k', '5']);
  for (const { item } of found[0].items) say(`  ${show(item)}`);

  const [favourite] = found[0].items;
  heading('6. Why the first of them?');
  const { last: why } = await foldin([
    'explain',
    'books.safetensors',
    '--user',
    user,
    '--item',
    favourite.item,
  ]);
  say(`  ${why.text}`);

  heading('7. How much would they like one book?');
  const seldom = [...books.keys()].find(
    (item) =>
      !bought.some((line) => line.includes(item)) &&
      books.get(item).category !== books.get(favourite.item).category,
  );
  for (const item of [favourite.item, seldom]) {
    const { last } = await foldin(['score', 'books.safetensors', '--user', user, '--item', item]);
    say(
      `  ${books.get(item).title} (${books.get(item).category}): ${(Math.round(1000 * last.score) / 1000 + 0).toFixed(3)}`,
    );
  }
  say('  A score has no unit; the higher of two books is the one to show.');

  heading('Your turn');
  say('  npx foldin inspect YOUR_LOG.csv                                is my log any good?');
  say('  npx foldin train YOUR_LOG.csv --out shop.safetensors           learn from it');
  say('  npx foldin recommend shop.safetensors --user A_CUSTOMER        what to show them');
  say('  npx foldin app                                                 the same in your browser');
  say('  npx foldin train --help                                        everything else');
  say(`\nDone in ${Math.round((performance.now() - started) / 1000)} s.`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
