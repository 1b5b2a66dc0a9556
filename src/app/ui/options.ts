import { h } from './dom.js';
import type { OptionWords } from './words.js';

/** What a field may hold, judged by the option's default. */
export type OptionValue = number | string | boolean | readonly number[];

/** A labelled field for one option, and what it holds when that is not the default. */
export interface OptionField {
  readonly name: string;
  readonly element: HTMLElement;
  changed(): OptionValue | undefined;
}

/** A field for an option, or undefined where there are no words for it or its value is of no kind that can be typed. */
export function optionField(
  place: string,
  name: string,
  usual: unknown,
  words: OptionWords | undefined,
): OptionField | undefined {
  if (!words || !isValue(usual)) return undefined;
  const id = `${place}-${name}`;
  const input = words.choices
    ? h(
        'select',
        { id },
        ...Object.entries(words.choices).map(([value, text]) =>
          h('option', { value, selected: value === usual }, text),
        ),
      )
    : h('input', { id, ...kindOf(usual) });
  const label = h('label', { for: id }, words.label);
  const help = words.help ? [h('small', { id: `${id}-help` }, words.help)] : [];
  if (words.help) input.setAttribute('aria-describedby', `${id}-help`);
  return {
    name,
    element: h('p', { class: 'field' }, label, input, ...help),
    changed() {
      if (input instanceof HTMLInputElement && input.type === 'checkbox')
        return input.checked === usual ? undefined : input.checked;
      const text = input.value.trim();
      return text === '' || text === textOf(usual) ? undefined : valueIn(text, usual);
    },
  };
}

const isNumbers = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((n) => typeof n === 'number');

const isValue = (value: unknown): value is OptionValue =>
  ['number', 'string', 'boolean'].includes(typeof value) || isNumbers(value);

function kindOf(usual: OptionValue): Record<string, string | boolean> {
  if (typeof usual === 'boolean') return { type: 'checkbox', checked: usual };
  const value = textOf(usual);
  if (typeof usual === 'number') return { type: 'number', step: 'any', required: true, value };
  return { type: 'text', value };
}

const textOf = (value: OptionValue): string => (isNumbers(value) ? value.join(', ') : String(value));

function valueIn(text: string, usual: OptionValue): OptionValue {
  if (typeof usual === 'number') return Number(text);
  if (!isNumbers(usual)) return text;
  return text
    .split(/[\s,]+/)
    .filter((word) => word !== '')
    .map(Number);
}
