/**
 * Community (社区模拟): honest readers and those who cheat live some weeks in a community of their own database, through the use cases that the pages
 * call; then checkers that share no code with the product look at what came of it.
 */
export { simulateCommunity, type CommunityCanary, type CommunityOptions, type CommunityReport } from './play.ts'
export { castOf, cheating, type Cast, type Kind } from './people.ts'
export { falseMost, type CommunityFindings } from './check.ts'
