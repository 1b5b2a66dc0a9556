import { type History, type Scoring, scoresOfVariants } from './scoring.js';

/** How many points each curve has. */
const POINTS = 11;

/** Areas under the curves, in units of score - baseline: 1 is the whole effect of the history on the score. */
export interface Faithfulness {
  /** Entries are taken out, the most important first: the lower the area, the better they were named. */
  readonly deletion: number;
  /** Entries are put in, the most important first: the higher the area, the better. */
  readonly insertion: number;
}

/**
 * Whether the entries that an explanation names are those that the model goes by (Petsiuk, Das & Saenko 2018): the
 * item's score while the history is emptied, and while it is filled, in the order of the contributions. Undefined where
 * the history hardly changes the score, so that there is nothing to be faithful to.
 */
export async function faithfulness(
  scoring: Scoring,
  history: History,
  item: number,
  contributions: ArrayLike<number>,
): Promise<Faithfulness | undefined> {
  const length = history.indices.length;
  const order = Array.from({ length }, (_, place) => place).sort(
    (a, b) => contributions[b] - contributions[a] || a - b,
  );
  const rankOf = new Uint32Array(length);
  order.forEach((place, rank) => {
    rankOf[place] = rank;
  });
  const shareOf = (row: number) => Math.round(((row % POINTS) / (POINTS - 1)) * length);
  const keeps = (row: number, place: number): boolean =>
    row < POINTS ? rankOf[place] >= shareOf(row) : rankOf[place] < shareOf(row);
  const scores = await scoresOfVariants(scoring, history, 2 * POINTS, keeps, item);
  const [whole, empty] = [scores[0], scores[POINTS]];
  const effect = whole - empty;
  if (!(Math.abs(effect) > 1e-6 * Math.max(1, Math.abs(whole)))) return undefined;
  const area = (curve: Float64Array): number =>
    curve.reduce(
      (sum, score, i) => sum + ((i === 0 || i === POINTS - 1 ? 0.5 : 1) * (score - empty)) / effect,
      0,
    ) /
    (POINTS - 1);
  return { deletion: area(scores.subarray(0, POINTS)), insertion: area(scores.subarray(POINTS)) };
}
