import { randomBits, STREAM } from '../../backend/random.js';
import { explainOwn } from '../../explain/explanation.js';
import { type Named, named } from '../../explain/who.js';
import { because } from '../../explain/words.js';
import type { Recommender } from '../../recommend/recommender.js';
import type { RecommendView } from '../protocol.js';

const MOST_FOUND = 12;
const RECOMMENDED = 10;

/** Items whose title or id holds every word of the text; those that begin with it first, then the popular. */
export class Search {
  readonly #texts: readonly string[];

  constructor(private readonly recommender: Recommender) {
    const { items, titles } = recommender.parts;
    this.#texts = items.ids.map((id, index) => plain(`${titles?.[index] ?? ''} ${id}`.trim()));
  }

  find(text: string): Named[] {
    const whole = plain(text).trim();
    const words = whole.split(/\s+/).filter((word) => word !== '');
    if (words.length === 0) return [];
    const { parts } = this.recommender;
    const beginsWith = (index: number): number => (this.#texts[index].startsWith(whole) ? 1 : 0);
    return Array.from(this.#texts.keys())
      .filter((index) => words.every((word) => this.#texts[index].includes(word)))
      .sort((a, b) => beginsWith(b) - beginsWith(a) || parts.popularity[b] - parts.popularity[a] || a - b)
      .slice(0, MOST_FOUND)
      .map((index) => named(parts, index));
  }
}

/** Without capitals and accents: who searches types neither. */
const plain = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

export async function recommendView(
  recommender: Recommender,
  history: readonly string[],
): Promise<RecommendView> {
  const { items, source } = await recommender.recommend({ history }, { k: RECOMMENDED });
  const { known } = recommender.historyOf({ history });
  return { items, source, history: known.map((index) => named(recommender.parts, index)) };
}

export async function reason(
  recommender: Recommender,
  { history, item }: { history: readonly string[]; item: string },
): Promise<string> {
  const { contributions } = await explainOwn(recommender, { history }, item);
  return because(contributions) || 'nothing in the history speaks for it in particular';
}

/** The history of a user of the log, of one picked by number where none is named. NO_HISTORY, UNKNOWN_ID. */
export function historyOf(
  recommender: Recommender,
  user: string | undefined,
  pick: number,
): { user: string; items: Named[] } {
  const { parts } = recommender;
  const ids = parts.users?.ids ?? [];
  const chosen = user ?? ids[randomBits(1, STREAM.pickedUser, 0, pick) % Math.max(1, ids.length)] ?? '';
  const { known } = recommender.historyOf({ user: chosen });
  return { user: chosen, items: known.map((index) => named(parts, index)) };
}
