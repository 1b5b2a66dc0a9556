import { isMoreCommon, type Share, shareOf } from '../evaluate/shares.js';
import type { Named } from './who.js';

export type Language = 'en' | 'zh';
export const LANGUAGES: readonly Language[] = ['en', 'zh'];

/** Reasons a sentence gives at most, and how large each must be beside the largest. */
const MOST_REASONS = 3;
const LEAST_SHARE = 0.2;

export interface Reason extends Named {
  readonly contribution: number;
}

/** What people like the one who asks did with the item: those of their group, and everybody else. */
export interface Peers extends Share {
  readonly others: Share;
  /** What the group has more often than others, by more than chance. */
  readonly likes: readonly Named[];
}

/** Whether a group may be named as a reason: its people chose the item more often than others, by more than chance. */
export const agrees = (peers: Peers): boolean => isMoreCommon(peers, peers.others);

/** The entries of a history that a sentence may name: those that speak for the item, the largest first. */
export function reasonsFor(contributions: readonly Reason[]): Reason[] {
  const speaking = contributions.filter(({ contribution }) => contribution > 0);
  speaking.sort((a, b) => b.contribution - a.contribution);
  const least = LEAST_SHARE * (speaking[0]?.contribution ?? 0);
  return speaking.slice(0, MOST_REASONS).filter(({ contribution }) => contribution >= least);
}

const label = ({ item, title }: Named): string => `“${title ?? item}”`;

/** Why an item is recommended, in words that say no more than the contributions do, and what the group did. */
export function sentence(
  recommended: Named,
  contributions: readonly Reason[],
  language: Language,
  peers?: Peers,
): string {
  const reasons = reasonsFor(contributions).map(label);
  const what = label(recommended);
  const group = peers && agrees(peers) ? peers : undefined;
  if (language === 'zh') {
    const own =
      reasons.length > 0
        ? `推荐${what}，因为您的记录中有${listed(reasons, '、', '和')}。`
        : `${what}：您的记录中没有特别支持它的内容${group ? '' : '，这是模型对任何人的预期'}。`;
    return own + (group ? peersInChinese(group) : '');
  }
  const nothing = `${what}: nothing in your history speaks for it in particular`;
  const own =
    reasons.length > 0
      ? `${what}, ${because(contributions)}.`
      : `${nothing}${group ? '' : '; it is what the model expects of anyone'}.`;
  return own + (group ? ` ${peersInEnglish(group)}` : '');
}

function peersInEnglish(peers: Peers): string {
  const like = peers.likes.length > 0 ? `, who like ${listed(peers.likes.map(label), ', ', ' and ')},` : '';
  const { mine, theirs } = shares(peers);
  return `People in your group${like} chose it more often than others: ${mine} of them, ${theirs} of the others.`;
}

function peersInChinese(peers: Peers): string {
  const like = peers.likes.length > 0 ? `喜欢${listed(peers.likes.map(label), '、', '和')}，` : '';
  const { mine, theirs } = shares(peers);
  return `与您同组的用户${like}选择它的比例高于其他用户：同组为${mine}，其他为${theirs}。`;
}

const shares = (peers: Peers) => ({ mine: percent(shareOf(peers)), theirs: percent(shareOf(peers.others)) });

/** Never rounded to nothing. */
function percent(share: number): string {
  if (share > 0 && share < 0.001) return '<0.1%';
  return `${(100 * share).toFixed(share === 0 || share === 1 ? 0 : 1)}%`;
}

/** The reasons alone, in English; empty where there are none. */
export function because(contributions: readonly Reason[]): string {
  const reasons = reasonsFor(contributions).map(label);
  return reasons.length === 0 ? '' : `because of ${listed(reasons, ', ', ' and ')} in your history`;
}

const listed = (names: readonly string[], between: string, last: string): string =>
  names.length < 2 ? names.join('') : names.slice(0, -1).join(between) + last + names.at(-1);
