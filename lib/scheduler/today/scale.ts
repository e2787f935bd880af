/** Today's scale of scores: whole numbers from 0 to 100, weighted and added up. */
import type { Scores } from '../priorities/priority.js';

/** The highest score. */
export const maxNodeScore = 100;

/** Makes of counts scores: the largest count gets 100 and the others their share, or, `reversed`, the largest gets 0. */
export function normalize(scores: Scores, reversed = false): void {
  let most = 0;
  for (let i = 0; i < scores.length; i++) most = Math.max(most, scores[i]!);
  for (let i = 0; i < scores.length; i++) {
    const share = most === 0 ? 0 : Math.floor((maxNodeScore * scores[i]!) / most);
    scores[i] = reversed ? maxNodeScore - share : share;
  }
}
