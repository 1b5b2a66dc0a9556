import { CallFailure } from './client.js';
import { byId, fill, h } from './dom.js';

/** Something a person should know, at the top of the page; the last few stay. */
const MOST_NOTICES = 3;

export function notice(text: string): void {
  const notices = byId('notices');
  if ([...notices.children].some(({ textContent }) => textContent === text)) return;
  notices.append(h('p', { class: 'notice' }, text));
  while (notices.children.length > MOST_NOTICES) notices.firstElementChild!.remove();
}

/** Runs work; what goes wrong is said in the element with this id, with what to do about it. */
export async function saying<T>(id: string, work: () => Promise<T>): Promise<T | undefined> {
  fill(id);
  try {
    return await work();
  } catch (error) {
    const { code, message, remedy } = error instanceof CallFailure ? error.failure : bug(error);
    // Whoever stopped it knows.
    if (code === 'ABORTED') return undefined;
    const text = `${message[0]?.toUpperCase()}${message.slice(1)}.`;
    fill(
      id,
      h(
        'div',
        { class: 'error', role: 'alert' },
        h('p', {}, text),
        h('p', {}, inThePagesWords(remedy)),
        h('small', {}, code),
      ),
    );
    return undefined;
  }
}

/** The fields that stand for options of the command line. */
const FIELDS: Readonly<Record<string, string>> = {
  user: 'user-column',
  item: 'item-column',
  value: 'value-column',
  time: 'time-column',
  encoding: 'encoding',
  layout: 'layout',
  items: 'titles-file',
  'min-value': 'min-value',
  'min-user': 'min-user',
  'min-item': 'min-item',
  device: 'device-choice',
  split: 'split',
  lr: 'train-learningRate',
  batch: 'train-batch',
};

/** Remedies name options of the command line; here they are fields with labels. */
const inThePagesWords = (remedy: string): string =>
  remedy.replace(/--([a-z][a-z0-9-]*)/g, (option, flag: string) => {
    const label = document.querySelector(`label[for="${FIELDS[flag]}"]`);
    return label ? `“${label.textContent}”` : option;
  });

const bug = (error: unknown) => ({
  code: 'BUG',
  message: `the page failed in a way it should not: ${(error as Error).message}`,
  remedy: 'This is a bug. Please report it with what you did.',
});
