/** The page: what is seen, and nothing that computes. */
import type { LogOrder, ModelView, Opened, Told, TrainOrder } from './protocol.js';
import { Checks } from './ui/checks.js';
import { Choice } from './ui/choice.js';
import { Client } from './ui/client.js';
import { Data } from './ui/data.js';
import { byId, fill, show } from './ui/dom.js';
import { notice, saying } from './ui/failures.js';
import { openKeep } from './ui/keep.js';
import { GroupMap } from './ui/map.js';
import { showResults } from './ui/results.js';
import { Taste } from './ui/taste.js';
import { TrainingView } from './ui/training.js';
import { deviceText, NO_WEBGPU } from './ui/webgpu.js';

const client = new Client(hear);
const data = new Data(read, openModel);
const choice = new Choice(train);
const training = new TrainingView({
  pause: () => void client.call('pause'),
  goOn: () => void client.call('goOn'),
  stop: () => void client.call('stop'),
});
const checks = new Checks(client);
const taste = new Taste(client);
const map = new GroupMap(client, (item) => taste.add(item));
let opened: Opened;
/** The model that answers. */
let current: ModelView | undefined;

openKeep(client);
byId('forget').addEventListener('click', forget);
await saying('log-error', open);
document.documentElement.dataset['state'] = 'ready';

async function open(): Promise<void> {
  opened = await client.call('open');
  choice.open(opened);
  const { webgpu, why, version } = opened;
  fill('device', deviceText(webgpu));
  fill('version', `foldin ${version}`);
  if (!webgpu) notice(`${NO_WEBGPU} (${why}.)`);
  if (!opened.isKept) return;
  data.say('Opening what was kept from your last visit …');
  const { log, model } = await client.call('restore');
  data.show(log);
  if (model) await showModel(model);
}

function hear(told: Told): void {
  if (told.event === 'notice') notice(told.message);
  else if (told.event === 'device') fill('device', deviceText(told.device));
  else if (told.event === 'training') training.state(told);
  else if (told.event === 'curve') training.curve(told.charts);
  else if (told.event === 'reading') data.reading(told.bytes);
  else checks.progress(told.share);
}

async function read(order: LogOrder): Promise<void> {
  data.say('Reading …');
  const view = await saying('log-error', () => client.call('readLog', order));
  data.show(view);
}

async function train(order: TrainOrder): Promise<void> {
  const { learnsInEpochs } = opened.models.find(({ name }) => name === order.model)!;
  training.begin(learnsInEpochs);
  alone(true);
  showParts(undefined);
  const view = await saying('train-error', async () => ({ model: await client.call('train', order) }));
  const stopped = view && !view.model ? 'Stopped before there was anything to keep.' : '';
  alone(false);
  training.end(view?.model ? 'Training has ended.' : stopped || 'Training failed.');
  if (stopped) notice(stopped);
  if (view?.model) await showModel(view.model);
  else {
    showParts(current);
    // Looking for groups had to make way.
    if (current?.hasUsers) void map.open();
  }
}

/** While a training runs, what would get in its way cannot be reached. */
function alone(isAlone: boolean): void {
  for (const id of ['data', 'checks', 'forgetting']) byId(id).inert = isAlone;
}

async function openModel(file: File): Promise<void> {
  data.say(`Opening ${file.name} …`);
  const view = await saying('log-error', () => client.call('importModel', file));
  data.say(view ? `${file.name} is open; see below.` : '');
  if (view) await showModel(view);
}

/** The parts that need a model. */
function showParts(view: ModelView | undefined): void {
  for (const id of ['results', 'taste', 'keep']) show(id, view !== undefined);
  show('map', view?.hasUsers ?? false);
}

/** Part by part, so that the page can answer in between. */
async function showModel(view: ModelView): Promise<void> {
  current = view;
  for (const part of [
    () => training.curve(view.curve),
    () => showResults(view),
    () => taste.open(view),
    () => showParts(view),
  ]) {
    await new Promise((resolve) => setTimeout(resolve));
    part();
  }
  if (view.hasUsers) void map.open();
}

async function forget(): Promise<void> {
  await saying('forgot', async () => {
    await client.call('forget');
    data.forget();
    training.curve([]);
    current = undefined;
    showParts(undefined);
    fill('forgot', 'Everything is forgotten: log, model, and what was kept in this browser.');
  });
}
