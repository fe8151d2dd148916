import type { Instant } from '../../kernel/clock.ts'

/**
 * The mean of ratings that resists brigading (抗刷的综合评分), stated so that anybody can check it:
 *
 *     rating = (C·m + Σ wᵢ·sᵢ) / (C + Σ wᵢ)        C = 5 votes, m = 3.5 stars
 *
 * sᵢ are stars 1..5. A vote weighs wᵢ = age × reading, and nothing at all when it is
 * - of an account linked with the author (or the author), or
 * - of an account linked with another that rated this article before it: linked accounts weigh as one, the first of them.
 *
 * age of the account: under a day 0, under seven days ½, from then on 1; reading: the article read to the end 1, else ¼.
 * Weights are kept in thousandths (0, 125, 250, 500, 1000), so all sums are whole numbers. A vote that was too young ripens by itself.
 *
 * Check values: nobody → no rating; one full vote of 5 → 3.750; ten full votes of 5 → 4.500; ten of 1 → 1.833; a hundred of 5 → 4.929;
 * ten honest 5 and fifty accounts made today with 1 → 4.500; ten honest 5 and fifty linked accounts with 1 (one full vote) → 4.281.
 */
export const priorVotes = 5
export const priorStars = 3.5
/** From how many full votes on the mean is called one: below it a page says that it is too early. */
export const enoughVotes = 3

const dayMs = 86_400_000

export function weightOf(facts: { accountAt: Instant; now: Instant; keptRead: boolean; linkedToAuthor: boolean; linkedBefore: boolean; open: boolean }): { weight: number; ripensAt: Instant | null } {
  if (facts.linkedToAuthor || facts.linkedBefore || !facts.open) return { weight: 0, ripensAt: null }
  const age = facts.now - facts.accountAt
  const reading = facts.keptRead ? 1000 : 250
  if (age < dayMs) return { weight: 0, ripensAt: facts.accountAt + dayMs }
  if (age < 7 * dayMs) return { weight: reading / 2, ripensAt: facts.accountAt + 7 * dayMs }
  return { weight: reading, ripensAt: null }
}

/** In thousandths of a star, from sums in thousandths of a vote; 0: nothing weighs anything yet. The same formula as the counter's statement. */
export function shrunkenMean(weight: number, sum: number): number {
  if (weight <= 0) return 0
  return Math.floor(((priorVotes * 1000 * priorStars + sum) * 1000 + Math.floor((priorVotes * 1000 + weight) / 2)) / (priorVotes * 1000 + weight))
}
