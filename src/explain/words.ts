import type { Named } from './who.js';

export type Language = 'en' | 'zh';
export const LANGUAGES: readonly Language[] = ['en', 'zh'];

/** Reasons a sentence gives at most, and how large each must be beside the largest. */
const MOST_REASONS = 3;
const LEAST_SHARE = 0.2;

export interface Reason extends Named {
  readonly contribution: number;
}

/** The entries of a history that a sentence may name: those that speak for the item, the largest first. */
export function reasonsFor(contributions: readonly Reason[]): Reason[] {
  const speaking = contributions.filter(({ contribution }) => contribution > 0);
  speaking.sort((a, b) => b.contribution - a.contribution);
  const least = LEAST_SHARE * (speaking[0]?.contribution ?? 0);
  return speaking.slice(0, MOST_REASONS).filter(({ contribution }) => contribution >= least);
}

const label = ({ item, title }: Named): string => `“${title ?? item}”`;

/** Why an item is recommended, in a sentence that says no more than the contributions do. */
export function sentence(recommended: Named, contributions: readonly Reason[], language: Language): string {
  const reasons = reasonsFor(contributions).map(label);
  const what = label(recommended);
  if (language === 'zh') {
    if (reasons.length === 0) return `${what}：您的记录中没有特别支持它的内容，这是模型对任何人的预期。`;
    return `推荐${what}，因为您的记录中有${listed(reasons, '、', '和')}。`;
  }
  if (reasons.length === 0) {
    return `${what}: nothing in your history speaks for it in particular; it is what the model expects of anyone.`;
  }
  return `${what}, ${because(contributions)}.`;
}

/** The reasons alone, in English; empty where there are none. */
export function because(contributions: readonly Reason[]): string {
  const reasons = reasonsFor(contributions).map(label);
  return reasons.length === 0 ? '' : `because of ${listed(reasons, ', ', ' and ')} in your history`;
}

const listed = (names: readonly string[], between: string, last: string): string =>
  names.length < 2 ? names.join('') : names.slice(0, -1).join(between) + last + names.at(-1);
